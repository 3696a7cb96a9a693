"""Occlusion: how much the prediction falls when one word is left out.

Li et al. 2016, "Understanding Neural Networks through Representation Erasure", erase a word and
take the relative change of the log-likelihood; here it is the plain difference of the explained
output. This is also how the search of textfooler ranks words (Jin et al. 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from robustbert.explanations.black_box import BlackBoxExplainer, without_words
from robustbert.explanations.explainer import Example, Scores
from robustbert.models import Classifier

#: Texts per call of the classifier, at least.
_TEXTS = 1024


@dataclass(frozen=True)
class Occlusion(BlackBoxExplainer):
    """Leave out one word at a time; see :class:`BlackBoxExplainer` for the parameters."""

    name: ClassVar[str] = "occlusion"
    paper: ClassVar[str] = "Li et al. 2016"

    def _scores(self, classifier: Classifier, examples: Sequence[Example]) -> Iterator[Scores]:
        predict = self._predictor(classifier)
        batch: list[Example] = []
        for i, example in enumerate(examples):
            batch.append(example)
            if sum(len(one.split.words) + 1 for one in batch) >= _TEXTS or i == len(examples) - 1:
                yield from self._of_batch(predict, batch)
                batch = []

    def _of_batch(
        self, predict: Callable[[Sequence[str]], np.ndarray], batch: Sequence[Example]
    ) -> Iterator[Scores]:
        variants = [[one.text, *self._variants(one)] for one in batch]
        rows = predict([text for texts in variants for text in texts])
        ends = np.cumsum([0, *map(len, variants)])
        for example, (start, end) in zip(batch, pairwise(ends), strict=True):
            outputs = rows[start:end, example.target]
            yield Scores(outputs[0] - outputs[1:])

    def _variants(self, example: Example) -> list[str]:
        keep = ~np.eye(len(example.split.words), dtype=bool)
        return [without_words(example.split, row, self.mask) for row in keep]
