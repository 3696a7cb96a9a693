"""Efficient batching that does not change any text's result.

A matmul adds its terms in an order that depends on its shape. So the results of one text can differ
in their last bits from batch to batch, and an attack that compares scores can then take a different
path. Three rules make a text's result bit-identical in every batch:

- A text's padded length is its own length, rounded up. Only texts of the same padded length share a
  batch. Packs (:mod:`robustbert.models.inference.packs`) have no
  padding at all.
- Each linear layer runs only with numbers of rows that were verified on this CPU
  (:mod:`robustbert.models.inference.row_counts`).
- A batch is filled to a multiple of `ROW_STEP` texts, for the operations that are not linear
  layers.

Whether these rules are enough for a network is checked when it is loaded
(:mod:`robustbert.models.inference.invariance`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Padded lengths are multiples of this, which gives few distinct shapes and little padding.
LENGTH_STEP = 8
#: A padded batch is filled to a multiple of this many texts, by repeating the last one.
ROW_STEP = 8
#: Tokens per batch. Larger batches are no faster on the CPU. On GPUs, where every batch of one
#: padded length is filled to this size, they are slower (``benchmarks/speed/token_budgets.py``).
TOKEN_BUDGET = 4096


@dataclass(frozen=True, eq=False)
class Batch:
    """A batch of sequences that are padded to one length.

    Args:
        rows: int64 (b,), the indices of the sequences; the last index is repeated as filler.
        real: number of leading rows that are not filler.
        length: the padded length in tokens.
    """

    rows: np.ndarray
    real: int
    length: int


@dataclass(frozen=True, eq=False)
class UniqueSequences:
    """Token sequences without duplicates: ``items[inverse[i]]`` is the i-th original sequence."""

    items: list[tuple[int, ...]]
    inverse: np.ndarray


def unique_sequences(sequences: Sequence[Sequence[int]]) -> UniqueSequences:
    """Remove duplicate token sequences; keep the order of first appearance.

    >>> unique = unique_sequences([[1, 2], [3], [1, 2]])
    >>> unique.items, unique.inverse.tolist()
    ([(1, 2), (3,)], [0, 1, 0])
    """
    indices: dict[tuple[int, ...], int] = {}
    inverse = [indices.setdefault(tuple(item), len(indices)) for item in sequences]
    return UniqueSequences(items=list(indices), inverse=np.array(inverse, dtype=np.int64))


def padded_length(length: int, max_length: int | None = None, step: int = LENGTH_STEP) -> int:
    """The length to pad a sequence to, a multiple of ``step``: a function of its own length alone.

    >>> padded_length(9), padded_length(16), padded_length(509, max_length=510)
    (16, 16, 510)
    """
    rounded = max(step, -(-length // step) * step)
    return rounded if max_length is None else min(rounded, max_length)


def plan_batches(
    lengths: Sequence[int],
    *,
    max_length: int | None = None,
    token_budget: int = TOKEN_BUDGET,
    fixed_shapes: bool = False,
    length_step: int = LENGTH_STEP,
    row_step: int = ROW_STEP,
) -> list[Batch]:
    """Group sequences by padded length into batches of about ``token_budget`` tokens.

    Args:
        lengths: the sequences' lengths in tokens.
        max_length: the model's maximum input length in tokens; None for no limit.
        token_budget: maximum number of tokens per batch, which is its rows times its padded length;
            a batch of ``row_step`` rows may exceed it.
        fixed_shapes: fill every batch of one padded length to the same number of rows, for devices
            that choose kernels by shape (GPUs). Sequences that need no padding are in batches of
            their own, because transformers passes no attention mask then, and attention without a
            mask has other kernels.
        length_step: padded lengths are multiples of this; 1 for no padding.
        row_step: numbers of rows are multiples of this.

    Returns:
        batches that together contain each sequence exactly once, not counting filler.
    """
    buckets: dict[tuple[int, bool], list[int]] = {}
    for index, own in enumerate(lengths):
        length = padded_length(own, max_length, length_step)
        unpadded = fixed_shapes and own == length
        buckets.setdefault((length, unpadded), []).append(index)
    batches = []
    for (length, _), members in sorted(buckets.items()):
        max_rows = max(1, token_budget // length // row_step) * row_step
        for start in range(0, len(members), max_rows):
            rows = members[start : start + max_rows]
            filled = max_rows if fixed_shapes else -(-len(rows) // row_step) * row_step
            filler = rows[-1:] * (filled - len(rows))
            batches.append(Batch(np.array(rows + filler, dtype=np.int64), len(rows), length))
    return batches
