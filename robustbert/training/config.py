"""Training settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from robustbert.errors import InputError, UnknownNameError
from robustbert.validation import build_from_settings

if TYPE_CHECKING:
    import torch

#: Computes the loss of a batch from the network and its inputs (``input_ids``, ``attention_mask``
#: and ``labels``): a scalar tensor.
Loss = Callable[[Any, Mapping[str, "torch.Tensor"]], "torch.Tensor"]

DTYPES = ("auto", "float32", "bfloat16")
OPTIMIZERS = ("adamw", "adafactor")

# Fields that earlier versions lack. Cache keys and records leave them out at their defaults, so
# that those of earlier versions stay valid.
_LATER_FIELDS = frozenset({"optimizer", "layer_decay", "workers"})


@dataclass(frozen=True)
class TrainingConfig:
    """Training settings; the defaults are meant for MiniLM on single sentences.

    Classical models use the seed alone.

    Args:
        epochs: passes over the training texts.
        batch_size: texts per step, of all workers together.
        learning_rate: the peak, reached after the warm-up; it then falls linearly to 0.
        weight_decay: the decoupled weight decay, which biases and layer norms do not have.
        warmup_ratio: the share of the steps in which the learning rate rises.
        optimizer: adamw or adafactor (Shazeer and Stern 2018), which keeps less memory.
        layer_decay: the factor in (0, 1] by which the learning rate falls from each layer to the
            one below it, see :mod:`robustbert.training.layer_decay`; 1 for the same everywhere.
        max_length: the maximum number of tokens per text, in training and in the trained model;
            None uses the base model's limit.
        evals_per_epoch: how often per epoch validation accuracy is measured and a checkpoint is
            written; both are done after the last step too.
        patience: stop after this many evaluations without improvement; None never stops early.
        dtype: auto (bfloat16 autocast if the hardware supports it), float32 or bfloat16.
        device: auto, cpu, cuda or mps.
        workers: the number of processes that each train on their part of a batch and average
            their gradients: with a GPU each, or on the CPU.
        seed: initializes a new classification head, dropout and the order of texts.
        tensorboard: also write TensorBoard logs, beside the output, into ``OUT-logs``.

    Raises:
        InputError: a value is out of range.
        UnknownNameError: there is no such dtype or optimizer.
    """

    epochs: int = 2
    batch_size: int = 32
    learning_rate: float = 1e-4
    weight_decay: float = 0.01
    warmup_ratio: float = 0.1
    optimizer: str = "adamw"
    layer_decay: float = 1.0
    max_length: int | None = 128
    evals_per_epoch: int = 2
    patience: int | None = 3
    dtype: str = "auto"
    device: str = "auto"
    workers: int = 1
    seed: int = 0
    tensorboard: bool = False

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("epochs", "batch_size", "evals_per_epoch", "workers"):
            self._require(name, getattr(self, name) >= 1, "at least 1")
        divided = self.batch_size % self.workers == 0
        self._require("batch_size", divided, f"a multiple of {self.workers}, the number of workers")
        self._require("learning_rate", 0 < self.learning_rate < 1, "between 0 and 1")
        self._require("weight_decay", 0 <= self.weight_decay <= 1, "from 0 to 1")
        self._require("warmup_ratio", 0 <= self.warmup_ratio < 1, "from 0 to below 1")
        self._require("layer_decay", 0 < self.layer_decay <= 1, "above 0 and at most 1")
        self._require("max_length", self.max_length is None or self.max_length >= 8, "at least 8")
        self._require("patience", self.patience is None or self.patience >= 1, "at least 1")
        self._require("seed", 0 <= self.seed < 2**32, "from 0 to 2**32 - 1")
        if self.dtype not in DTYPES:
            raise UnknownNameError("dtype", self.dtype, DTYPES)
        if self.optimizer not in OPTIMIZERS:
            raise UnknownNameError("optimizer", self.optimizer, OPTIMIZERS)

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, for records and cache keys.

        Fields that earlier versions lack are left out if they have their defaults.
        """
        defaults = {field.name: field.default for field in fields(self)}
        return {
            name: value
            for name, value in asdict(self).items()
            if name not in _LATER_FIELDS or value != defaults[name]
        }

    def _require(self, name: str, in_range: bool, allowed: str) -> None:
        if not in_range:
            raise InputError(f"training: {name} is {getattr(self, name)!r}; it must be {allowed}")


def make_config(settings: Mapping[str, Any], **fixed: Any) -> TrainingConfig:
    """Build a training configuration from settings by name, as a suite file gives them.

    Args:
        settings: field names and values; a missing setting has its default.
        fixed: fields that the caller decides and ``settings`` must not name.

    Raises:
        UnknownNameError: there is no such setting; the message lists the near ones.
        InputError: a value has the wrong type or is out of range.
    """
    return build_from_settings(TrainingConfig, settings, "training", fixed=fixed)
