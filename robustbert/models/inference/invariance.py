"""Batch invariance: whether a text's answer depends on the other texts of its batch.

Linear layers are checked one by one (:mod:`robustbert.models.inference.row_counts`); here a whole
network is:
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
from robustbert.models.huggingface_files import one_line
from robustbert.models.inference.findings import Findings, machine_findings
from robustbert.models.inference.row_counts import RowCounts
from robustbert.progress import progress_bar

#: Words of the check's texts, and how many: with two special tokens, multiples of 8 and others,
#: some twice, on both sides of where attention takes another kernel.
WORDS = (
    "time person year way day thing man world life hand part child eye woman place work week case "
    "point company number group problem fact"
)
WORD_COUNTS = (1, 6, 9, 22, 22, 38, 64)
#: How many copies of them are asked together: many make batches as large as those of an attack.
COPIES = (1, 3, 32)
#: Settings of a network that change nothing that it computes.
NAMES_ONLY = frozenset(
    {"_name_or_path", "architectures", "dtype", "id2label", "label2id"}
    | {"torch_dtype", "transformers_version"}
)

Answer = Callable[[Sequence[tuple[int, ...]]], np.ndarray]
"""A network: token sequences to one row of numbers for each."""


@dataclass(frozen=True)
class InvarianceFinding:
    """What was found about a model, or about all models of a cell.

    Args:
        verified: whether every network's rows came out the same alone and together.
        ladder: for each kind of linear layer that was computed, the row counts that agree.
    """

    verified: bool
    ladder: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def __and__(self, other: InvarianceFinding) -> InvarianceFinding:
        """What holds for both."""
        return InvarianceFinding(
            self.verified and other.verified, dict(sorted({**self.ladder, **other.ladder}.items()))
        )


def sample_texts() -> list[str]:
    """Random texts of `WORD_COUNTS` words, the same each time."""
    chance, words = random.Random(0), WORDS.split()
    return [" ".join(chance.choices(words, k=count)) for count in WORD_COUNTS]


def finding(verified: bool, row_counts: Iterable[RowCounts]) -> InvarianceFinding:
    """The finding of a model: not verified either where a layer has no row counts that agree."""
    found = ladders(row_counts)
    return InvarianceFinding(verified and all(found.values()), found)


def ladders(row_counts: Iterable[RowCounts]) -> dict[str, tuple[int, ...]]:
    """The row counts that agree, by the layer's description, sorted."""
    return dict(sorted({str(counts.layer): counts.ladder for counts in row_counts}.items()))


@dataclass(frozen=True)
class Fault:
    """Why a network should not be used as it is.

    Args:
        reason: a clause for a message.
        computes: whether it computes at all.
    """

    reason: str
    computes: bool


def is_invariant(
    answer: Answer, sequences: Sequence[tuple[int, ...]], name: str, findings: Findings
) -> bool:
    """Whether each sequence alone gets, to the last bit, what it gets together with others.

    Args:
        answer: the network.
        sequences: what it is asked, alone and in batches of `COPIES` of each.
        name: what the finding is remembered by.
        findings: where it is.
    """
    found = findings.get(name)
    if found is None:
        with progress_bar(1 + len(COPIES), "checking batch invariance", "step") as bar:
            alone = np.concatenate([answer([sequence]) for sequence in sequences])
            found = True
            for copies in COPIES:
                bar.update()
                together = answer([*sequences] * copies)
                found &= together.tobytes() == np.tile(alone, (copies, 1)).tobytes()
        findings.note(name, found)
    return found


def find_fault(
    make_answer: Callable[[], Answer],
    sequences: Sequence[tuple[int, ...]],
    model: Any,
    dtype: str,
    kind: str,
) -> Fault | None:
    """Why a network of transformers should not be used as it is; None if it is batch invariant.

    Args:
        make_answer: makes the network; its linear layers are checked in passing.
        sequences: what it is asked: the tokens of :func:`sample_texts`.
        model: what it was made from: its class and configuration are its architecture.
        dtype: float32 or bfloat16.
        kind: what else decides how it computes: packed or padded, tokens of a batch, the device.

    Raises:
        RuntimeError: torch cannot compute it in float32, or has too little memory.
    """
    import torch
    import transformers

    from robustbert.version import __version__

    versions = f"transformers {transformers.__version__} robustbert {__version__}"
    threads = f"{torch.get_num_threads()} threads"
    name = f"network {_architecture(model)} {kind} {dtype} {threads} {versions}"
    try:
        answer = make_answer()
        if model.device.type == "cpu":
            answer(sequences[:1])  # so that each layer's ladder is known, whatever is remembered
        found = is_invariant(answer, sequences, name, machine_findings())
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        if dtype == "float32":
            raise
        return Fault(f"torch cannot compute it here ({one_line(error)})", computes=False)
    return None if found else Fault("a text's scores depend on its batch", computes=True)


def _architecture(model: Any) -> str:
    """A hash of what a network computes, its weights aside."""
    config = {k: v for k, v in model.config.to_dict().items() if k not in NAMES_ONLY}
    config |= {"class": type(model).__name__, "num_labels": model.config.num_labels}
    text = json.dumps(config, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def choose_usable_dtype(
    name: str, wanted: str, find_fault: Callable[[str], Fault | None]
) -> tuple[str, bool]:
    """The dtype that a model should compute in here, and whether it and float32 are verified.

    ``wanted`` if it is batch invariant. Where it is not and float32 is, or where it cannot be
    computed, float32, with a warning. Where neither is, ``wanted`` all the same, with a warning.

    Args:
        name: of the model, for warnings.
        wanted: float32 or bfloat16.
        find_fault: what is wrong with the model in a dtype.
    """
    exact = find_fault("float32")
    fault = exact if wanted == "float32" else find_fault(wanted)
    if fault is not exact and fault is not None and (exact is None or not fault.computes):
        _warn(f"{name}: float32 is used, because in bfloat16 {fault.reason}")
        wanted, fault = "float32", exact
    if exact is not None:
        _warn(f"{name}: in float32 {exact.reason}, so outcomes may not repeat; tables mark it")
    return wanted, exact is None and fault is None


def _warn(message: str) -> None:
    warnings.warn(f"{message}; `robustbert doctor` says more", BatchInvarianceWarning, stacklevel=2)
