"""NLTK's averaged perceptron with whole rows of weights added at once.

For each word NLTK adds up some fifteen features' weights label by label in Python. A feature's
weights as one array give the same sums, added in the same order, and so the same tags.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from nltk.tag.perceptron import AveragedPerceptron

# Features whose weights are kept as arrays; each takes about 0.5 kB.
_KEPT = 2**15


class _Rows:
    """A model's weights by feature, one number a label."""

    def __init__(self, model: AveragedPerceptron) -> None:
        # where labels have equal scores, NLTK takes the last of the alphabet
        self.labels = sorted(model.classes, reverse=True)
        places = {label: place for place, label in enumerate(self.labels)}
        weights = model.weights

        @lru_cache(maxsize=_KEPT)
        def row(feature: str) -> np.ndarray:
            found = np.zeros(len(places))
            for label, weight in weights[feature].items():
                if label in places:  # none else can be chosen
                    found[places[label]] = weight
            return found

        self.row = row


@contextmanager
def fast_tagging() -> Iterator[None]:
    """NLTK's perceptrons predict with whole rows, for as long as the block lasts.

    Models must not be trained or loaded anew meanwhile.
    """
    models: WeakKeyDictionary[AveragedPerceptron, _Rows] = WeakKeyDictionary()
    plain = AveragedPerceptron.predict

    def predict(
        self: AveragedPerceptron, features: Mapping[str, int], return_conf: bool = False
    ) -> tuple[str, Any]:
        if return_conf:
            label, confidence = plain(self, features, return_conf)
            return str(label), confidence
        rows = models.get(self)
        if rows is None:
            rows = models[self] = _Rows(self)
        scores = np.zeros(len(rows.labels))
        for feature, value in features.items():
            if value and feature in self.weights:
                scores += value * rows.row(feature)
        return rows.labels[int(scores.argmax())], None

    AveragedPerceptron.predict = predict
    try:
        yield
    finally:
        AveragedPerceptron.predict = plain
