"""RDE, robust density estimation (Yoo et al. 2022).

Yoo, Kim, Jang and Kwak 2022, "Detection of Word Adversarial Examples in Text Classification:
Benchmark and Baseline via Robust Density Estimation". The features of clean texts of a class are
modelled by a Gaussian, after kernel PCA to 100 dimensions with a radial basis function, and with a
covariance that is robust against outliers (the minimum covariance determinant, Rousseeuw 1984).
The score of a text is the negative log-density of its features under its predicted class.

The code is bangawayoo/adversarial-examples-in-text-classification (``main.py``, ``Detector.py``,
``utils/miscellaneous.py``, ``params/reduce_dim_100.json``). As there: features are the last hidden
state of the first token, the kernel's gamma is one over their number, at most 8,000 training texts
are used, and training texts belong to the class of their true label.

Different from it: the score includes the determinant of the covariance, as a density does. The code
takes the squared Mahalanobis distance alone, so that texts predicted as different classes are
compared as if all classes were equally spread.
"""

from __future__ import annotations

import math
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
class Rde(FeatureDetector):
    """Score texts by the density of their features under the predicted class.

    Args:
        dimensions: the number of dimensions after kernel PCA, at least 1.
        max_texts: the largest number of training texts, at least 1; of more, a random sample is
            taken.

    Raises:
        InputError: a parameter is out of range.
    """

    name: ClassVar[str] = "rde"
    paper: ClassVar[str] = "Yoo et al. 2022"

    def _fit(self, measure: TextMeasure, data: FittingData, seed: int) -> FittedDetector:
        from sklearn.decomposition import KernelPCA

        training = TrainingRows.of(
            measure, data, at_least=2 * self.dimensions, at_most=self.max_texts, seed=seed
        )
        reducer = KernelPCA(
            self.dimensions,
            kernel="rbf",
            gamma=1 / training.features.shape[1],
            eigen_solver="arpack",  # of 100 components among thousands, many times faster
            random_state=seed,
        )
        reduced = reducer.fit_transform(training.features)
        gaussians = [
            fit_robust(reduced[training.labels == label], seed)
            for label in range(training.num_labels)
        ]

        def score(texts: Sequence[str]) -> np.ndarray:
            rows = np.array(measure(texts))
            points, predicted = reducer.transform(rows[:, 1:]), rows[:, 0].astype(int)
            scores = np.empty(len(rows))
            for label in np.unique(predicted):
                own = predicted == label
                scores[own] = negative_log_density(gaussians[label], points[own])
            return scores

        return FittedDetector(self, score)


def negative_log_density(gaussian: Any, points: np.ndarray) -> np.ndarray:
    """The negative log-density of points (n, d) under a fitted covariance: float64 (n,)."""
    distances = gaussian.mahalanobis(points)
    _, log_determinant = np.linalg.slogdet(gaussian.covariance_)
    constant = points.shape[1] * math.log(2 * math.pi)
    return np.asarray((distances + log_determinant + constant) / 2)
