"""A classifier of measured rows: originals against adversarial texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Gradient boosting as in the code of Mosca et al. 2022 (javirandor/wdr,
#: ``Training_Classifier.ipynb``), whose best classifier is XGBoost: its number of trees, learning
#: rate, depth and subsample. Its other parameters have no counterpart in scikit-learn.
NUM_TREES = 29
LEARNING_RATE = 0.34281802
DEPTH = 3
SUBSAMPLE = 0.61460966


@dataclass(frozen=True, eq=False)
class RowClassifier:
    """Gradient boosting on rows of different lengths, which are padded with zeros.

    Args:
        width: the length to which rows are padded or cut.
        estimator: the fitted estimator of scikit-learn.
    """

    width: int
    estimator: Any

    @classmethod
    def fit(
        cls,
        originals: Sequence[np.ndarray],
        adversarials: Sequence[np.ndarray],
        max_width: int,
        seed: int,
    ) -> RowClassifier:
        """Fit it; deterministic.

        Args:
            originals: the row of each original, with the most telling numbers first.
            adversarials: the row of each adversarial text.
            max_width: the largest length of a row, at least 1; longer rows are cut.
            seed: the random seed of the estimator.
        """
        from sklearn.ensemble import GradientBoostingClassifier

        rows = [*originals, *adversarials]
        width = min(max_width, max(1, *map(len, rows)))
        labels = np.arange(len(rows)) >= len(originals)
        estimator = GradientBoostingClassifier(
            n_estimators=NUM_TREES,
            learning_rate=LEARNING_RATE,
            max_depth=DEPTH,
            subsample=SUBSAMPLE,
            random_state=seed,
        )
        return cls(width, estimator.fit(padded(rows, width), labels))

    def scores(self, rows: Sequence[np.ndarray]) -> np.ndarray:
        """The log-odds of being adversarial: float64 (n,)."""
        return np.asarray(self.estimator.decision_function(padded(rows, self.width)))


def padded(rows: Sequence[np.ndarray], width: int) -> np.ndarray:
    """Rows of one length, filled with zeros at the end or cut: float64 (n, width).

    >>> padded([np.array([3.0, 2.0, 1.0]), np.array([5.0])], 2).tolist()
    [[3.0, 2.0], [5.0, 0.0]]
    """
    filled = np.zeros((len(rows), width))
    for i, row in enumerate(rows):
        filled[i, : len(row)] = row[:width]
    return filled
