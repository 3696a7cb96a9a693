"""robustbert: how well does a BERT text classifier hold up when someone edits its input?

Names are imported at their first use, so that ``import robustbert`` is fast.
"""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any

from robustbert.version import __version__

if TYPE_CHECKING:
    from robustbert.attacks import AttackRunner
    from robustbert.bench import (
        AttackResult,
        BenchResult,
        RayCluster,
        attack,
        bench,
        load_suite,
        make_plan,
        run_plan,
    )
    from robustbert.data import load_dataset, select_examples
    from robustbert.data_checks import DataReport, check_data
    from robustbert.detector_evaluation import DetectionResult, detect
    from robustbert.errors import RobustbertError
    from robustbert.explanations import Attribution, explain
    from robustbert.gate import Comparison, compare
    from robustbert.learning_curves import LearningCurve, learning_curve
    from robustbert.models import (
        CallableClassifier,
        SklearnClassifier,
        TorchClassifier,
        classify,
        load_model,
    )
    from robustbert.records import Outcome, Record, read_run
    from robustbert.training import PretrainingConfig, TrainingConfig, pretrain
    from robustbert.training.fitting import train
    from robustbert.tuning import tune

__all__ = [
    "AttackResult",
    "AttackRunner",
    "Attribution",
    "BenchResult",
    "CallableClassifier",
    "Comparison",
    "DataReport",
    "DetectionResult",
    "LearningCurve",
    "Outcome",
    "PretrainingConfig",
    "RayCluster",
    "Record",
    "RobustbertError",
    "SklearnClassifier",
    "TorchClassifier",
    "TrainingConfig",
    "__version__",
    "attack",
    "bench",
    "check_data",
    "classify",
    "compare",
    "detect",
    "explain",
    "learning_curve",
    "load_dataset",
    "load_model",
    "load_suite",
    "make_plan",
    "pretrain",
    "read_run",
    "run_plan",
    "select_examples",
    "train",
    "tune",
]

_LAZY_MODULES = {
    "AttackResult": "bench",
    "AttackRunner": "attacks",
    "Attribution": "explanations",
    "BenchResult": "bench",
    "CallableClassifier": "models",
    "Comparison": "gate",
    "DataReport": "data_checks",
    "DetectionResult": "detector_evaluation",
    "LearningCurve": "learning_curves",
    "Outcome": "records",
    "PretrainingConfig": "training",
    "RayCluster": "bench",
    "Record": "records",
    "RobustbertError": "errors",
    "SklearnClassifier": "models",
    "TorchClassifier": "models",
    "TrainingConfig": "training",
    "attack": "bench",
    "check_data": "data_checks",
    "classify": "models",
    "compare": "gate",
    "detect": "detector_evaluation",
    "explain": "explanations",
    "learning_curve": "learning_curves",
    "load_dataset": "data",
    "load_model": "models",
    "load_suite": "bench",
    "make_plan": "bench",
    "pretrain": "training",
    "read_run": "records",
    "run_plan": "bench",
    "select_examples": "data",
    "train": "training",
    "tune": "tuning",
}

# In a notebook without ipywidgets, tqdm warns as soon as another package imports it.
warnings.filterwarnings("ignore", message="IProgress not found")


def __getattr__(name: str) -> Any:
    if name == "bench":  # a package that can be called like the function of the same name
        return importlib.import_module("robustbert.bench")
    if name not in _LAZY_MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LAZY_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
