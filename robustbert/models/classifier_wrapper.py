"""The base class of classifiers around another classifier."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Self

import numpy as np

from robustbert.models.classifier import Classifier
from robustbert.models.inference.invariance import InvarianceResult


class ClassifierWrapper(Classifier):
    """A classifier around another one, with its labels and metadata.

    A subclass overrides what differs. It has logits, gradients and transformed texts only if it
    says so, because they are not always those of the wrapped classifier.

    Args:
        inner: the wrapped classifier.
    """

    def __init__(self, inner: Classifier) -> None:
        self._inner = inner
        self.label_names = inner.label_names
        self.info = inner.info
        self.token_budget = inner.token_budget

    @property
    def batch_invariance(self) -> InvarianceResult:
        """That of the wrapped classifier."""
        return self._inner.batch_invariance

    @property
    def identified(self) -> bool:
        """That of the wrapped classifier."""
        return self._inner.identified

    @property
    def num_votes(self) -> int | None:
        """That of the wrapped classifier."""
        return self._inner.num_votes

    def redrawn(self, seed: int, votes: int | None = None) -> Classifier:
        """See :meth:`Classifier.redrawn`; random is at most the wrapped classifier."""
        return self._around(self._inner.redrawn(seed, votes))

    def _around(self, inner: Classifier) -> Self:
        """The same wrapper around another classifier; itself around its own."""
        if inner is self._inner:
            return self
        changed = copy.copy(self)
        changed._inner = inner
        return changed

    def _truncated(self, texts: Sequence[str]) -> np.ndarray:
        return self._inner.truncated(texts)
