"""Batches that are fast and yet leave each text's answer alone.

A matrix product sums in an order that depends on its shape, so the same text can get different
last bits in different batches, and an attack that compares scores can then take another turn.
Three rules keep a text's answer the same to the last bit, whatever it is batched with:

- the padded length depends on the text alone: its own length, rounded up. Only texts of one rounded
  length share a batch; a pack has no padding at all.
- Each linear layer is computed at row counts that were checked on this processor
  (:mod:`robustbert.models.inference.row_counts`).
- Batches are filled up to a multiple of `ROW_STEP` texts, for the sake of everything that is not a
  linear layer.

Whether that is enough for a network is checked when it is loaded
(:mod:`robustbert.models.inference.invariance`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Lengths are rounded up to a multiple of this: few distinct shapes, little padding.
LENGTH_STEP = 8
#: Texts of a padded batch are filled up to a multiple of this with repeats.
ROW_STEP = 8
#: Tokens in a batch: beyond this, larger batches stop being faster on processors.
TOKEN_BUDGET = 4096
#: The same on devices that are fast only when they are full.
DEVICE_TOKEN_BUDGET = 32768
#: Tokens in a pack (texts without padding, on one thread).
PACK_TOKENS = 2048
#: Below this many tokens a pack is not cut finer: products of few rows are slow.
LEAST_PACK_TOKENS = 32


@dataclass(frozen=True, eq=False)
class Batch:
    """Some sequences of one padded length.

    Args:
        rows: int64 (b,): which sequences, the last ones repeated to fill up.
        real: how many leading rows are not repeats.
        length: the padded length in tokens.
    """

    rows: np.ndarray
    real: int
    length: int


@dataclass(frozen=True, eq=False)
class Distinct:
    """A list without its repetitions: ``items[inverse[i]]`` is the i-th of the original."""

    items: list[tuple[int, ...]]
    inverse: np.ndarray


def distinct(sequences: Sequence[Sequence[int]]) -> Distinct:
    """Keep each token sequence once, in order of first appearance.

    >>> found = distinct([[1, 2], [3], [1, 2]])
    >>> found.items, found.inverse.tolist()
    ([(1, 2), (3,)], [0, 1, 0])
    """
    places: dict[tuple[int, ...], int] = {}
    inverse = [places.setdefault(tuple(item), len(places)) for item in sequences]
    return Distinct(items=list(places), inverse=np.array(inverse, dtype=np.int64))


def padded_length(length: int, longest: int | None = None) -> int:
    """The length that a sequence is padded to: a function of its own length alone.

    >>> padded_length(9), padded_length(16), padded_length(509, longest=510)
    (16, 16, 510)
    """
    rounded = max(LENGTH_STEP, -(-length // LENGTH_STEP) * LENGTH_STEP)
    return rounded if longest is None else min(rounded, longest)


def plan_batches(
    lengths: Sequence[int],
    *,
    longest: int | None = None,
    token_budget: int = TOKEN_BUDGET,
    full: bool = False,
) -> list[Batch]:
    """Group sequences by padded length into batches of about ``token_budget`` tokens.

    Args:
        lengths: the sequences' lengths in tokens.
        longest: what the model can read at most, in tokens.
        token_budget: rows times padded length of a batch, unless that is under `ROW_STEP` rows.
        full: fill every batch to the same number of rows for its length, so that one length has
            one shape; for devices that choose kernels by shape (GPUs).

    Returns:
        batches whose real rows name each sequence exactly once.
    """
    buckets: dict[int, list[int]] = {}
    for index, length in enumerate(lengths):
        buckets.setdefault(padded_length(length, longest), []).append(index)
    batches = []
    for length, members in sorted(buckets.items()):
        most = max(1, token_budget // length // ROW_STEP) * ROW_STEP
        for start in range(0, len(members), most):
            rows = members[start : start + most]
            filled = most if full else -(-len(rows) // ROW_STEP) * ROW_STEP
            filler = rows[-1:] * (filled - len(rows))
            batches.append(Batch(np.array(rows + filler, dtype=np.int64), len(rows), length))
    return batches


def plan_packs(
    lengths: Sequence[int], *, token_budget: int = PACK_TOKENS, threads: int = 1
) -> list[np.ndarray]:
    """Cut sequences, the shortest first, into packs of about ``token_budget`` tokens.

    Args:
        lengths: the sequences' lengths in tokens, at least 1 each.
        token_budget: tokens of a pack, at least 1. A pack has at most this, or twice
            `LEAST_PACK_TOKENS` where that is more, and half of its shortest and of its longest
            sequence.
        threads: how many packs run at once; they are cut so that each thread has as many, of
            about one size, unless they would have fewer than `LEAST_PACK_TOKENS`.

    Returns:
        of each pack, which sequences: int64 arrays that name every sequence once.
    """
    order = np.argsort(np.asarray(lengths), kind="stable")
    ends = np.cumsum(np.asarray(lengths, dtype=np.int64)[order])
    if not len(order):
        return []
    total = int(ends[-1])
    # as many packs as keep all threads busy to the end
    count = -(-total // (token_budget * threads)) * threads
    count = max(1, min(count, total // LEAST_PACK_TOKENS))
    # a sequence belongs where its middle falls
    middles = 2 * ends - np.asarray(lengths)[order]
    pack = middles * count // (2 * total)
    return np.split(order, np.flatnonzero(np.diff(pack)) + 1)
