"""Classifiers: loading, saving, prediction, fast inference and classical baselines.

The classifiers around models in memory are imported at their first use, so that importing this
package does not import torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from robustbert.models.classifier import Classifier, ModelInfo, TokenGradient
from robustbert.models.input_checks import check_texts
from robustbert.models.model_registry import MODELS, TfidfBase, TransformerBase, load_model
from robustbert.models.predict import Prediction, classify, predict
from robustbert.models.relabel import relabel

if TYPE_CHECKING:
    from robustbert.models.adapters.callable_function import CallableClassifier
    from robustbert.models.adapters.sklearn_pipeline import SklearnClassifier
    from robustbert.models.adapters.torch_module import TorchClassifier

__all__ = [
    "MODELS",
    "CallableClassifier",
    "Classifier",
    "ModelInfo",
    "Prediction",
    "SklearnClassifier",
    "TfidfBase",
    "TokenGradient",
    "TorchClassifier",
    "TransformerBase",
    "check_texts",
    "classify",
    "load_model",
    "predict",
    "relabel",
]

_LAZY_MODULES = {
    "CallableClassifier": "callable_function",
    "SklearnClassifier": "sklearn_pipeline",
    "TorchClassifier": "torch_module",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY_MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.adapters.{_LAZY_MODULES[name]}")
    return getattr(module, name)
