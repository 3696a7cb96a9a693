"""The fine-tuning core: from a dataset and a base to a model folder."""

from robustbert.training.config import TrainingConfig, make_config
from robustbert.training.fitting import train
from robustbert.training.result import TrainedModel, read_training

__all__ = [
    "TrainedModel",
    "TrainingConfig",
    "make_config",
    "read_training",
    "train",
]
