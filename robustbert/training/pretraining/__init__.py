"""Continued pre-training of BERT on domain texts."""

from robustbert.training.pretraining.held_out_scores import HeldOutScores
from robustbert.training.pretraining.pretrain_base import (
    check_pretraining,
    held_out_scores,
    pretrain,
)
from robustbert.training.pretraining.pretraining_config import (
    PretrainingConfig,
    make_pretraining_config,
)
from robustbert.training.pretraining.pretraining_result import (
    LoggedLosses,
    PretrainedModel,
    read_pretraining,
)

__all__ = [
    "HeldOutScores",
    "LoggedLosses",
    "PretrainedModel",
    "PretrainingConfig",
    "check_pretraining",
    "held_out_scores",
    "make_pretraining_config",
    "pretrain",
    "read_pretraining",
]
