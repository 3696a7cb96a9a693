"""The features of clean training texts, for detectors that model their distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robustbert.detection.detector import FittingData
from robustbert.detection.text_measure import TextMeasure
from robustbert.errors import InputError


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """The features of clean training texts with their labels.

    Args:
        features: float64 (n, d).
        labels: int64 (n,).
        num_labels: the number of labels, which all occur.
    """

    features: np.ndarray
    labels: np.ndarray
    num_labels: int

    @classmethod
    def of(
        cls, measure: TextMeasure, data: FittingData, *, at_least: int, at_most: int, seed: int
    ) -> TrainingRows:
        """Measure training texts.

        Args:
            measure: gives the predicted label and the features of a text.
            data: the texts with their labels.
            at_least: the smallest number of texts of each label.
            at_most: the largest number of texts; of more, a random sample is taken.
            seed: the seed of the sample.

        Raises:
            InputError: a label has too few texts.
        """
        rows: list[int] = list(range(len(data.texts)))
        if len(rows) > at_most:
            chosen = np.random.default_rng(seed).choice(len(rows), at_most, replace=False)
            rows = sorted(chosen.tolist())
        labels = np.array([data.labels[row] for row in rows], dtype=np.int64)
        counts = np.bincount(labels, minlength=data.num_labels)
        if counts.min() < at_least:
            raise InputError(
                f"label {counts.argmin()} has {counts.min()} training texts, but the detector "
                f"needs at least {at_least} of each label; give more texts, raise max_texts, or "
                "lower dimensions"
            )
        measured = measure([data.texts[row] for row in rows])
        return cls(np.array(measured)[:, 1:], labels, data.num_labels)
