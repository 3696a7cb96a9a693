"""Detectors: which texts an attack has changed.

Each published detector is a module of its own. It scores texts: a larger score means that a text is
more likely adversarial.
"""

from robustbert.detection.detector import (
    MIN_PAIRS,
    Detector,
    FittedDetector,
    FittingData,
    TextPair,
)
from robustbert.detection.detector_registry import DETECTORS, make_detector
from robustbert.detection.text_measure import TextMeasure

__all__ = [
    "DETECTORS",
    "MIN_PAIRS",
    "Detector",
    "FittedDetector",
    "FittingData",
    "TextMeasure",
    "TextPair",
    "make_detector",
]
