"""The fine-tuning core: from a dataset and a base to a model folder."""

from robustbert.training.config import TrainingConfig
from robustbert.training.result import TrainedModel, read_training
from robustbert.training.train import train

__all__ = ["TrainedModel", "TrainingConfig", "read_training", "train"]
