"""Batch invariance: whether a text's result depends on the other texts of its batch.

Linear layers are checked one by one (:mod:`robustbert.models.inference.row_counts`). Here the whole
network is checked: it is run on a few texts of random words, and the output for each text must be
bit-identical with a batch size of 1 and in larger batches. A result is valid for a network's
architecture, whatever its weights, and is cached for this machine.
"""

from __future__ import annotations

import hashlib
import json
import random
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from robustbert.errors import BatchInvarianceWarning
from robustbert.models.huggingface_files import one_line
from robustbert.models.inference.invariance_cache import InvarianceCache, machine_invariance_cache
from robustbert.models.inference.row_counts import RowCounts
from robustbert.progress import progress_bar

#: The words of the test texts.
WORDS = (
    "time person year way day thing man world life hand part child eye woman place work week case "
    "point company number group problem fact"
)
#: The lengths of the test texts in words. With two special tokens, their lengths in tokens include
#: multiples of 8, other numbers and duplicates, and use both attention kernels.
WORD_COUNTS = (1, 6, 9, 22, 22, 38, 64)
#: How often the test texts are repeated in a batch; the largest value gives batches as large as
#: those in an attack.
COPIES = (1, 3, 32)
#: Configuration fields that do not affect a network's computation.
IGNORED_SETTINGS = frozenset(
    {"_name_or_path", "architectures", "dtype", "id2label", "label2id"}
    | {"torch_dtype", "transformers_version"}
)

Forward = Callable[[Sequence[Any]], np.ndarray]
"""The forward function of a network: maps token ids or embeddings to one output row each."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class InvarianceResult:
    """The batch-invariance result of one model, or of all models of a table cell.

    Args:
        verified: whether the rows of every network were bit-identical with a batch size of 1 and in
            larger batches.
        row_counts: the verified row counts of each type of linear layer that was computed, by the
            description of the layer (`LinearSpec`). Records store them as ``ladder``.
    """

    verified: bool
    row_counts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def __and__(self, other: InvarianceResult) -> InvarianceResult:
        """Combine the results of two models."""
        return InvarianceResult(
            self.verified and other.verified,
            dict(sorted({**self.row_counts, **other.row_counts}.items())),
        )


def sample_texts(words: Sequence[str] | None = None) -> list[str]:
    """Deterministic test texts of random words, one per length in `WORD_COUNTS`.

    Args:
        words: the words to choose from; None for `WORDS`.
    """
    generator, words = random.Random(0), words or WORDS.split()
    return [" ".join(generator.choices(words, k=count)) for count in WORD_COUNTS]


def invariance_result(verified: bool, row_counts: Iterable[RowCounts]) -> InvarianceResult:
    """The result of a model; not verified if any of its layers has no verified row count."""
    by_layer = verified_row_counts(row_counts)
    return InvarianceResult(verified and all(by_layer.values()), by_layer)


def verified_row_counts(row_counts: Iterable[RowCounts]) -> dict[str, tuple[int, ...]]:
    """The verified row counts of each layer, sorted by the layer's description."""
    return dict(sorted({str(counts.spec): counts.verified for counts in row_counts}.items()))


@dataclass(frozen=True)
class DtypeProblem:
    """The reason not to run a network in a dtype on this machine.

    Args:
        reason: a clause for messages.
        runs: False if the forward pass raises an error.
    """

    reason: str
    runs: bool


def is_invariant(
    forward: Callable[[Sequence[Item]], np.ndarray],
    inputs: Sequence[Item],
    name: str,
    cache: InvarianceCache,
    repeats: Sequence[int] = COPIES,
) -> bool:
    """Whether the output for each input is bit-identical by itself and in larger batches.

    Args:
        forward: maps inputs, such as token sequences or texts, to one output row each.
        inputs: test inputs, run one by one and in batches with several copies of all of them.
        name: the key of the result in the cache.
        cache: the cache of results.
        repeats: the numbers of copies.
    """
    invariant = cache.get(name)
    if invariant is None:
        with progress_bar(1 + len(repeats), "checking batch invariance", "step") as bar:
            alone = np.concatenate([forward([item]) for item in inputs])
            invariant = True
            for copies in repeats:
                bar.update()
                together = forward([*inputs] * copies)
                invariant &= together.tobytes() == np.tile(alone, (copies, 1)).tobytes()
        cache.put(name, invariant)
    return invariant


def find_dtype_problem(
    make_forward: Callable[[], Forward],
    sequences: Sequence[Any],
    model: Any,
    dtype: str,
    kind: str,
    repeats: Sequence[int] = COPIES,
) -> DtypeProblem | None:
    """The reason not to run a transformers model in a dtype; None if it is batch invariant.

    Args:
        make_forward: makes the forward function, which checks the model's linear layers as it runs.
        sequences: test inputs: the token ids of :func:`sample_texts`, or their embeddings.
        model: the model; its class and configuration identify its architecture.
        dtype: float32 or bfloat16.
        kind: everything else that affects the computation: packed or padded batches, the tokens
            per batch, the device.
        repeats: the numbers of copies of all inputs in the larger batches.

    Raises:
        RuntimeError: torch cannot run the model in float32, or runs out of memory.
    """
    import torch
    import transformers

    from robustbert.version import __version__

    versions = f"transformers {transformers.__version__} robustbert {__version__}"
    threads = f"{torch.get_num_threads()} threads"
    name = f"network {_architecture(model)} {kind} {dtype} {threads} {versions}"
    try:
        forward = make_forward()
        if model.device.type == "cpu":
            forward(sequences[:1])  # checks each linear layer, even if the result is cached
        invariant = is_invariant(forward, sequences, name, machine_invariance_cache(), repeats)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        if dtype == "float32":
            raise
        return DtypeProblem(f"torch cannot run it on this machine ({one_line(error)})", runs=False)
    return None if invariant else DtypeProblem("a text's scores depend on its batch", runs=True)


def _architecture(model: Any) -> str:
    """A hash of a model's architecture, without its weights."""
    config = {k: v for k, v in model.config.to_dict().items() if k not in IGNORED_SETTINGS}
    config |= {"class": type(model).__name__, "num_labels": model.config.num_labels}
    text = json.dumps(config, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def choose_usable_dtype(
    name: str, requested: str, find_problem: Callable[[str], DtypeProblem | None]
) -> tuple[str, bool]:
    """Choose the dtype for a model on this machine.

    This is float32 if the model cannot run in ``requested``, or if float32 is batch invariant and
    ``requested`` is not. Otherwise it is ``requested``, even if neither dtype is invariant. A
    warning is issued unless both are invariant.

    Args:
        name: the model's name, for warnings.
        requested: float32 or bfloat16.
        find_problem: returns the problem with a dtype, or None.

    Returns:
        the dtype, and whether both it and float32 are batch invariant.
    """
    exact = find_problem("float32")
    problem = exact if requested == "float32" else find_problem(requested)
    if problem is not exact and problem is not None and (exact is None or not problem.runs):
        _warn(f"{name}: float32 is used, because in bfloat16 {problem.reason}")
        requested, problem = "float32", exact
    if exact is not None:
        _warn(
            f"{name}: in float32 {exact.reason}, so outcomes may not be reproducible and are "
            "marked in tables"
        )
    return requested, exact is None and problem is None


def _warn(message: str) -> None:
    warnings.warn(
        f"{message}; run `robustbert doctor` for details", BatchInvarianceWarning, stacklevel=2
    )
