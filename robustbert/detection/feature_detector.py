"""The base class of detectors that model the features of clean training texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from robustbert.detection.detector import Detector
from robustbert.detection.first_token import labelled_features
from robustbert.models import Classifier
from robustbert.validation import check_at_least


@dataclass(frozen=True)
class FeatureDetector(Detector):
    """A detector that learns from the features of clean texts, see :func:`labelled_features`.

    Args:
        dimensions: the number of dimensions to which features are reduced, at least 1.
        max_texts: the largest number of training texts, at least 1; of more, a random sample is
            taken.

    Raises:
        InputError: a parameter is out of range.
    """

    needs_network: ClassVar[bool] = True
    needs_texts: ClassVar[bool] = True

    dimensions: int = 100
    max_texts: int = 8_000

    def __post_init__(self) -> None:
        check_at_least(1, dimensions=self.dimensions, max_texts=self.max_texts)

    def _measured(self, classifier: Classifier, texts: Sequence[str]) -> Iterator[np.ndarray]:
        yield from labelled_features(classifier, texts)
