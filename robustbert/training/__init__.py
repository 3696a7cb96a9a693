"""Training: pre-train a base model, fit it to a dataset, and write its folder."""

from robustbert.training.config import TrainingConfig, make_config
from robustbert.training.extra_rows import EpochStart, ExtraRow
from robustbert.training.fitting import check_base_and_output, train
from robustbert.training.pretraining import (
    HeldOutScores,
    LoggedLosses,
    PretrainedModel,
    PretrainingConfig,
    check_pretraining,
    make_pretraining_config,
    pretrain,
    read_pretraining,
)
from robustbert.training.result import TrainedModel, read_training

__all__ = [
    "EpochStart",
    "ExtraRow",
    "HeldOutScores",
    "LoggedLosses",
    "PretrainedModel",
    "PretrainingConfig",
    "TrainedModel",
    "TrainingConfig",
    "check_base_and_output",
    "check_pretraining",
    "make_config",
    "make_pretraining_config",
    "pretrain",
    "read_pretraining",
    "read_training",
    "train",
]
