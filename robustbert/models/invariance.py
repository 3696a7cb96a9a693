"""Batch invariance: whether a text's answer depends on the other texts of its batch.

Linear layers are checked one by one (:mod:`robustbert.models.row_counts`); here a whole network is:
texts of random words, each alone, must get bit for bit what they get together. A finding holds for
a network's architecture, whatever its weights, and is remembered for this machine.
"""

from __future__ import annotations

import hashlib
import json
import random
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from robustbert.errors import BatchInvarianceWarning
from robustbert.models.findings import Findings, machine_findings
from robustbert.models.loading import one_line
from robustbert.models.row_counts import RowCounts

#: Words of the check's texts, and how many: with two special tokens, multiples of 8 and others,
#: some twice, on both sides of where attention takes another kernel.
WORDS = (
    "time person year way day thing man world life hand part child eye woman place work week case "
    "point company number group problem fact"
)
WORD_COUNTS = (1, 6, 9, 22, 22, 38, 64)
#: Settings of a network that change nothing that it computes.
NAMES_ONLY = frozenset(
    {"_name_or_path", "architectures", "dtype", "id2label", "label2id"}
    | {"torch_dtype", "transformers_version"}
)

Answer = Callable[[Sequence[tuple[int, ...]]], np.ndarray]
"""A network: token sequences to one row of numbers for each."""


@dataclass(frozen=True)
class BatchInvariance:
    """What was found about a model, or about all models of a cell.

    Args:
        verified: whether every network's rows came out the same alone and together.
        ladder: for each kind of linear layer that was computed, the row counts that agree.
    """

    verified: bool
    ladder: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def __and__(self, other: BatchInvariance) -> BatchInvariance:
        """What holds for both."""
        return BatchInvariance(
            self.verified and other.verified, dict(sorted({**self.ladder, **other.ladder}.items()))
        )


def sample_texts() -> list[str]:
    """Random texts of `WORD_COUNTS` words, the same each time."""
    chance, words = random.Random(0), WORDS.split()
    return [" ".join(chance.choices(words, k=count)) for count in WORD_COUNTS]


def ladders(row_counts: Iterable[RowCounts]) -> dict[str, tuple[int, ...]]:
    """The row counts that agree, by the layer's description, sorted."""
    return dict(sorted({str(counts.layer): counts.ladder for counts in row_counts}.items()))


def is_invariant(
    answer: Answer, sequences: Sequence[tuple[int, ...]], name: str, findings: Findings
) -> bool:
    """Whether each sequence alone gets, to the last bit, what it gets together with others.

    Args:
        answer: the network.
        sequences: what it is asked.
        name: what the finding is remembered by.
        findings: where it is.
    """
    found = findings.get(name, 0)
    if found is None:
        together = answer(sequences)
        alone = np.concatenate([answer([sequence]) for sequence in sequences])
        half = answer(sequences[::-2])
        same = together.tobytes() == alone.tobytes()
        found = same and together[::-2].tobytes() == half.tobytes()
        findings.note(name, 0, found)
    return found


def find_fault(
    answer: Answer, sequences: Sequence[tuple[int, ...]], model: Any, dtype: str, kind: str
) -> str | None:
    """Why a network of transformers should not be used as it is; None if it is batch invariant.

    Args:
        answer: the network; its linear layers are checked in passing.
        sequences: what it is asked: the tokens of :func:`sample_texts`.
        model: what it was made from: its class and configuration are its architecture.
        dtype: float32 or bfloat16.
        kind: what else decides how it computes: packed or padded, the device.
    """
    import torch

    name = f"network {_architecture(model)} {kind} {dtype} {torch.get_num_threads()} threads"
    try:
        answer(sequences[:1])  # whatever is remembered: each layer has its ladder from now on
        found = is_invariant(answer, sequences, name, machine_findings())
    except RuntimeError as error:
        if dtype == "float32":
            raise
        return f"torch cannot compute it here ({one_line(error)})"
    return None if found else "a text's scores depend on its batch"


def _architecture(model: Any) -> str:
    """A hash of what a network computes, its weights aside."""
    config = {k: v for k, v in model.config.to_dict().items() if k not in NAMES_ONLY}
    config |= {"class": type(model).__name__, "num_labels": model.config.num_labels}
    text = json.dumps(config, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def warn_of_fallback(name: str, fault: str) -> None:
    """Tell that a model goes on in float32, and why."""
    warnings.warn(
        f"{name}: float32 is used, because in bfloat16 {fault}; `robustbert doctor` says more",
        BatchInvarianceWarning,
        stacklevel=2,
    )


def warn_of_dependence(name: str) -> None:
    """Tell that nothing could be verified."""
    warnings.warn(
        f"{name}: a text's scores depend on its batch on this machine, so outcomes may not repeat; "
        "records and tables say so; `robustbert doctor` says more",
        BatchInvarianceWarning,
        stacklevel=2,
    )
