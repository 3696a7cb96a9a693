"""Classifiers: load, save, predict; batching and number format; classical baselines."""

from robustbert.models.base import Classifier, ModelInfo, TokenGradient
from robustbert.models.checks import check_texts
from robustbert.models.predict import Prediction, classify, predict
from robustbert.models.table import MODELS, load_model

__all__ = [
    "MODELS",
    "Classifier",
    "ModelInfo",
    "Prediction",
    "TokenGradient",
    "check_texts",
    "classify",
    "load_model",
    "predict",
]
