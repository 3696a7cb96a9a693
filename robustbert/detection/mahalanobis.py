"""The Mahalanobis distance to the nearest class (Lee et al. 2018).

Lee, Lee, Lee and Shin 2018, "A Simple Unified Framework for Detecting Out-of-Distribution Samples
and Adversarial Attacks": each class has a mean, all classes share a covariance, and the score is
the squared Mahalanobis distance to the nearest mean.

As in Yoo et al. 2022 (:mod:`robustbert.detection.rde`), the features are the last hidden state of
the first token. Different from Lee et al.: their score combines several layers by a classifier that
is trained on attacks, and perturbs the input first; neither is done here. The covariance is robust
by default (the minimum covariance determinant, which also moves the means of all classes by the
robust mean of their deviations). For it, principal components reduce the features first:
scikit-learn's algorithm starts from subsets of 300 texts, too few for the covariance of more than
some 100 dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from robustbert.detection.detector import FittedDetector, FittingData
from robustbert.detection.feature_detector import FeatureDetector
from robustbert.detection.robust_gaussian import fit_robust
from robustbert.detection.text_measure import TextMeasure
from robustbert.detection.training_rows import TrainingRows


@dataclass(frozen=True)
class Mahalanobis(FeatureDetector):
    """Score texts by the distance of their features from the nearest class.

    Args:
        dimensions: the number of principal components, at least 1; features with fewer dimensions
            are left as they are.
        max_texts: the largest number of training texts, at least 1; of more, a random sample is
            taken.
        robust: whether the covariance is robust against outliers.

    Raises:
        InputError: a parameter is out of range.
    """

    name: ClassVar[str] = "mahalanobis"
    paper: ClassVar[str] = "Lee et al. 2018"

    robust: bool = True

    def _fit(self, measure: TextMeasure, data: FittingData, seed: int) -> FittedDetector:
        training = TrainingRows.of(measure, data, at_least=2, at_most=self.max_texts, seed=seed)
        reduce = _reducer(training.features, self.dimensions, seed)
        points = reduce(training.features)
        means = np.stack(
            [points[training.labels == label].mean(axis=0) for label in range(training.num_labels)]
        )
        covariance = self._covariance(points - means[training.labels], seed)

        def score(texts: Sequence[str]) -> np.ndarray:
            found = reduce(np.array(measure(texts))[:, 1:])
            distances = [covariance.mahalanobis(found - mean) for mean in means]
            return np.asarray(np.min(distances, axis=0))

        return FittedDetector(self, score)

    def _covariance(self, residuals: np.ndarray, seed: int) -> Any:
        """The covariance of the deviations from the means of the classes, as of scikit-learn."""
        if self.robust:
            return fit_robust(residuals, seed)
        from sklearn.covariance import EmpiricalCovariance

        return EmpiricalCovariance(assume_centered=True).fit(residuals)


def _reducer(features: np.ndarray, dimensions: int, seed: int) -> Any:
    """A function that reduces features (n, d) to their first principal components."""
    if features.shape[1] <= dimensions:
        return lambda rows: rows
    from sklearn.decomposition import PCA

    return PCA(min(dimensions, len(features)), random_state=seed).fit(features).transform
