"""How to train."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from robustbert.errors import InputError, UnknownNameError

DTYPES = ("auto", "float32", "bfloat16")
#: Settings for which None says something.
OPTIONAL = ("max_length", "patience")


@dataclass(frozen=True)
class TrainingConfig:
    """How to train; the defaults are meant for MiniLM on single sentences.

    Classical models use the seed alone.

    Args:
        epochs: passes over the training texts.
        batch_size: texts a step and device.
        learning_rate: the peak, after the warm-up; it falls linearly to 0.
        weight_decay: AdamW's.
        warmup_ratio: the share of the steps in which the learning rate rises.
        max_length: tokens read of a text, in training and ever after; None reads as many as the
            base can.
        evals_per_epoch: how often validation accuracy is measured, and a checkpoint written.
        patience: stop after this many measurements without a better one; None never stops early.
        dtype: auto (bfloat16 autocast where the processor has it), float32 or bfloat16.
        device: auto, cpu, cuda or mps.
        seed: of the new head, of dropout and of the order of texts.
        tensorboard: also write TensorBoard logs, beside the output, into ``OUT-logs``.

    Raises:
        InputError: a value out of range.
        UnknownNameError: no such dtype.
    """

    epochs: int = 2
    batch_size: int = 32
    learning_rate: float = 1e-4
    weight_decay: float = 0.01
    warmup_ratio: float = 0.1
    max_length: int | None = 128
    evals_per_epoch: int = 2
    patience: int | None = 3
    dtype: str = "auto"
    device: str = "auto"
    seed: int = 0
    tensorboard: bool = False

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        for name in ("epochs", "batch_size", "evals_per_epoch"):
            _require(name, getattr(self, name) >= 1, "at least 1")
        _require("learning_rate", 0 < self.learning_rate < 1, "between 0 and 1")
        _require("weight_decay", 0 <= self.weight_decay <= 1, "from 0 to 1")
        _require("warmup_ratio", 0 <= self.warmup_ratio < 1, "from 0 to below 1")
        _require("max_length", self.max_length is None or self.max_length >= 8, "at least 8")
        _require("patience", self.patience is None or self.patience >= 1, "at least 1")
        _require("seed", 0 <= self.seed < 2**32, "from 0 to 2**32 - 1")
        if self.dtype not in DTYPES:
            raise UnknownNameError("dtype", self.dtype, DTYPES)

    def as_dict(self) -> dict[str, object]:
        """Every field by its name, for records and cache keys."""
        return asdict(self)


def make_config(settings: Mapping[str, Any], **fixed: Any) -> TrainingConfig:
    """A configuration from settings by name, as a suite file or a command line gives them.

    Args:
        settings: field names and values; what is not given has its default.
        fixed: fields that the caller decides.

    Raises:
        UnknownNameError: no such setting; the message lists the near ones.
        InputError: a value of the wrong type or out of range.
    """
    known = {field.name: field for field in fields(TrainingConfig) if field.name not in fixed}
    for name, value in settings.items():
        if name not in known:
            raise UnknownNameError("training setting", name, known)
        kind = type(known[name].default)
        accepted = {kind, int} if kind is float else {kind}
        if name in OPTIONAL:
            accepted |= {type(None)}
        if type(value) not in accepted:
            raise InputError(f"the training's {name} is {value!r}; give it as {kind.__name__}")
    return TrainingConfig(**{**settings, **fixed})


def _require(name: str, holds: bool, range_: str) -> None:
    if not holds:
        raise InputError(f"the training's {name} must be {range_}")
