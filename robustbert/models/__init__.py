"""Classifiers: loading, saving, prediction, fast inference and classical baselines."""

from robustbert.models.classifier import Classifier, ModelInfo, TokenGradient
from robustbert.models.input_checks import check_texts
from robustbert.models.model_registry import MODELS, TfidfBase, TransformerBase, load_model
from robustbert.models.predict import Prediction, classify, predict

__all__ = [
    "MODELS",
    "Classifier",
    "ModelInfo",
    "Prediction",
    "TfidfBase",
    "TokenGradient",
    "TransformerBase",
    "check_texts",
    "classify",
    "load_model",
    "predict",
]
