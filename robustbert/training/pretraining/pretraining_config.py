"""Pre-training settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from robustbert.errors import InputError, UnknownNameError
from robustbert.training.config import DTYPES
from robustbert.validation import build_from_settings

#: Masked language modelling, and next sentence prediction.
OBJECTIVES = ("mlm", "nsp")
#: What is masked as one: whole words, or each of their sub-words by itself.
MASKINGS = ("word", "subword")


@dataclass(frozen=True)
class PretrainingConfig:
    """Pre-training settings.

    Args:
        objectives: mlm (masked language modelling), nsp (next sentence prediction), or both.
        steps: optimizer steps, at least 1.
        batch_size: rows per step and device; a row is a piece of a document, or a pair.
        learning_rate: the peak, reached after the warm-up; it then falls linearly to 0.
        weight_decay: of AdamW.
        warmup_ratio: the share of the steps in which the learning rate rises.
        max_length: the maximum number of tokens of a row, special tokens included. The limit of
            the base model itself stays as it is.
        masking: word (all sub-words of a word are masked together) or subword.
        mask_share: the share of the tokens to predict, above 0 and below 1.
        held_out: the share of the documents that are not trained on but measured, above 0 and
            below 1. They do not depend on the seed.
        frozen_layers: the number of lowest layers that keep the base's weights, as do then the
            embeddings and the decoder that shares their weights; 0 trains all weights.
        dtype: auto (bfloat16 autocast if the hardware supports it), float32 or bfloat16.
        device: auto, cpu, cuda or mps.
        seed: initializes new heads, dropout, the order of rows, masks and pairs.

    Raises:
        InputError: a value is out of range.
        UnknownNameError: there is no such objective, masking or dtype.
    """

    objectives: tuple[str, ...] = ("mlm",)
    steps: int = 1000
    batch_size: int = 32
    learning_rate: float = 1e-4
    weight_decay: float = 0.01
    warmup_ratio: float = 0.1
    max_length: int = 128
    masking: str = "word"
    mask_share: float = 0.15
    held_out: float = 0.05
    frozen_layers: int = 0
    dtype: str = "auto"
    device: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        """Check names and ranges, and put the objectives in their usual order."""
        for objective in self.objectives:
            if objective not in OBJECTIVES:
                raise UnknownNameError("objective", objective, OBJECTIVES)
        if not self.objectives:
            raise InputError(f"pre-training: no objective; give {' or '.join(OBJECTIVES)}, or both")
        in_order = tuple(name for name in OBJECTIVES if name in self.objectives)
        object.__setattr__(self, "objectives", in_order)
        for kind, name, known in (
            ("masking", self.masking, MASKINGS),
            ("dtype", self.dtype, DTYPES),
        ):
            if name not in known:
                raise UnknownNameError(kind, name, known)
        for name in ("steps", "batch_size"):
            self._require(name, getattr(self, name) >= 1, "at least 1")
        for name in ("mask_share", "held_out", "learning_rate"):
            self._require(name, 0 < getattr(self, name) < 1, "above 0 and below 1")
        self._require("weight_decay", 0 <= self.weight_decay <= 1, "from 0 to 1")
        self._require("warmup_ratio", 0 <= self.warmup_ratio < 1, "from 0 to below 1")
        self._require("max_length", self.max_length >= 8, "at least 8")
        self._require("frozen_layers", self.frozen_layers >= 0, "at least 0")
        self._require("seed", 0 <= self.seed < 2**32, "from 0 to 2**32 - 1")

    @property
    def masks_tokens(self) -> bool:
        """Whether masked tokens are predicted."""
        return "mlm" in self.objectives

    @property
    def pairs_sentences(self) -> bool:
        """Whether the rows are pairs, of which is predicted whether they follow each other."""
        return "nsp" in self.objectives

    def as_dict(self) -> dict[str, object]:
        """All fields by name, as JSON has them."""
        return {**asdict(self), "objectives": list(self.objectives)}

    def _require(self, name: str, in_range: bool, allowed: str) -> None:
        if not in_range:
            raise InputError(
                f"pre-training: {name} is {getattr(self, name)!r}; it must be {allowed}"
            )


def make_pretraining_config(settings: Mapping[str, Any]) -> PretrainingConfig:
    """Build a pre-training configuration from settings by name.

    Raises:
        UnknownNameError: there is no such setting, objective, masking or dtype.
        InputError: a value has the wrong type or is out of range.
    """
    return build_from_settings(PretrainingConfig, settings, "pre-training")
