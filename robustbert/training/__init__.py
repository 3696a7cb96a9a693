"""Training: fit a base model to a dataset and write its folder."""

from robustbert.training.config import TrainingConfig, make_config
from robustbert.training.extra_rows import EpochStart, ExtraRow
from robustbert.training.fitting import check_base_and_output, train
from robustbert.training.result import TrainedModel, read_training

__all__ = [
    "EpochStart",
    "ExtraRow",
    "TrainedModel",
    "TrainingConfig",
    "check_base_and_output",
    "make_config",
    "read_training",
    "train",
]
