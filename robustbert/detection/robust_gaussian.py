"""A Gaussian that is fitted robustly."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from robustbert.errors import InputError


def fit_robust(points: np.ndarray, seed: int) -> Any:
    """Fit the minimum covariance determinant (Rousseeuw 1984) of scikit-learn: ``MinCovDet``.

    Args:
        points: (n, d).
        seed: the seed of its random subsets.

    Raises:
        InputError: the points lie in fewer dimensions than they have, so they have no density.
    """
    from sklearn.covariance import MinCovDet

    with warnings.catch_warnings():
        # it warns of what is checked below, and of determinants that grow by rounding
        warnings.simplefilter("ignore")
        fitted = MinCovDet(random_state=seed).fit(points)
    if np.linalg.matrix_rank(fitted.covariance_, hermitian=True) < points.shape[1]:
        raise InputError(
            f"the features of {len(points)} training texts do not span {points.shape[1]} "
            "dimensions; give more different texts, or lower the detector's dimensions"
        )
    return fitted
