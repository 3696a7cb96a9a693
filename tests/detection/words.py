"""Classifiers in memory for tests of detectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from robustbert.data.word_split import WordSplit
from robustbert.detection import FittingData, TextPair
from robustbert.models import Classifier
from robustbert.models.classifier import ModelInfo
from robustbert.models.output_checks import softmax


class BagOfWords(Classifier):
    """The logits of a text are the sums of the weights of its words.

    Args:
        weights: for each known word, its weight for each label.
        has_logits: whether the logits can be read.
    """

    def __init__(self, weights: Mapping[str, Sequence[float]], has_logits: bool = True) -> None:
        self._weights = {word: np.array(row) for word, row in weights.items()}
        num_labels = len(next(iter(weights.values())))
        self.label_names = tuple(f"label {i}" for i in range(num_labels))
        self.info = ModelInfo("bag", "test", "f" * 64, "float64", None, None)
        self._readable = has_logits
        self.asked: list[str] = []

    @property
    def has_logits(self) -> bool:
        return self._readable

    def sums(self, texts: Sequence[str]) -> np.ndarray:
        nothing = np.zeros(len(self.label_names))
        rows = [
            sum((self._weights.get(w.lower(), nothing) for w in WordSplit.of(t).words), nothing)
            for t in texts
        ]
        return np.array(rows)

    def _logits(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return self.sums(texts)

    def _probabilities(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return softmax(self.sums(texts))

    _exact = _probabilities


def pairs_of(originals: Sequence[str], adversarials: Sequence[str]) -> tuple[TextPair, ...]:
    """Pairs with the ids 0, 1, …."""
    both = zip(originals, adversarials, strict=True)
    return tuple(TextPair(str(i), *texts) for i, texts in enumerate(both))


def fitting_data(
    pairs: Sequence[TextPair] = (),
    texts: Sequence[str] = (),
    labels: Sequence[int] = (),
    num_labels: int = 2,
) -> FittingData:
    return FittingData(tuple(texts), tuple(labels), num_labels, tuple(pairs))
