"""The table of detectors: one detector per module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from robustbert.detection.detector import Detector
from robustbert.registry import Entry, Registry
from robustbert.validation import build_from_settings


def _is_detector(target: object) -> bool:
    # A subclass that is not a dataclass itself would ignore its parameters.
    return (
        isinstance(target, type)
        and issubclass(target, Detector)
        and "__dataclass_params__" in vars(target)
    )


#: The registry of detectors; each target is a subclass of ``Detector``.
DETECTORS = Registry(
    "detector",
    [
        Entry("wdr", "robustbert.detection.wdr:Wdr", "the reaction of the logits to each word"),
        Entry(
            "fgws",
            "robustbert.detection.fgws:Fgws",
            "replace rare words by frequent ones, and see whether the prediction changes",
        ),
        Entry(
            "rde",
            "robustbert.detection.rde:Rde",
            "the density of the first token's features in the predicted class",
        ),
        Entry(
            "mahalanobis",
            "robustbert.detection.mahalanobis:Mahalanobis",
            "the distance of the first token's features from the nearest class",
        ),
        Entry(
            "attribution",
            "robustbert.detection.attribution_detector:AttributionDetector",
            "how much each word contributes to the prediction",
        ),
        Entry(
            "perplexity",
            "robustbert.detection.perplexity_detector:PerplexityDetector",
            "how unlikely the text is to a masked language model",
        ),
    ],
    accepts=_is_detector,
    expected="a subclass of robustbert.detection.Detector that is a dataclass",
)


def make_detector(name: str, params: Mapping[str, Any]) -> Detector:
    """Make the detector called ``name`` with these parameters; missing ones have their defaults.

    Raises:
        UnknownNameError: there is no such detector or parameter; the message lists the near names.
        InputError: a value has the wrong type or is out of range, or an import path leads to
            something else.
    """
    detector: Detector = build_from_settings(DETECTORS.load(name), params, name)
    return detector
