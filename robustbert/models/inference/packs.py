"""Packs: sequences of tokens that are concatenated without padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch

from robustbert.models.inference.row_counts import ROW_COUNT_STEP

Tokens = Sequence[int] | torch.Tensor
"""The ids of a text's tokens, or their embeddings, float32 (t, d), without positions."""

#: Tokens per pack, which is processed on one thread.
PACK_TOKENS = 2048
#: Minimum size at which packs are split further: matmuls with few rows are slow.
MIN_PACK_TOKENS = 32


def plan_packs(
    lengths: Sequence[int], *, token_budget: int = PACK_TOKENS, threads: int = 1
) -> list[np.ndarray]:
    """Group sequences, the shortest first, into packs of about ``token_budget`` tokens.

    Args:
        lengths: the sequences' lengths in tokens, at least 1 each.
        token_budget: target size of a pack in tokens, at least 1. A pack may exceed
            ``max(token_budget, 2 * MIN_PACK_TOKENS)`` by at most half of its shortest plus half of
            its longest sequence.
        threads: number of packs that run in parallel. All packs have a similar size, and each
            thread gets the same number of packs, unless that would make the packs smaller than
            `MIN_PACK_TOKENS`.

    Returns:
        one int64 array of sequence indices per pack; each sequence appears exactly once.
    """
    order = np.argsort(np.asarray(lengths), kind="stable")
    ends = np.cumsum(np.asarray(lengths, dtype=np.int64)[order])
    if not len(order):
        return []
    total = int(ends[-1])
    # A multiple of the number of threads keeps all of them busy to the end.
    count = -(-total // (token_budget * threads)) * threads
    count = max(1, min(count, total // MIN_PACK_TOKENS))
    # A sequence goes to the pack that contains its midpoint.
    doubled_midpoints = 2 * ends - np.asarray(lengths)[order]
    pack = doubled_midpoints * count // (2 * total)
    return np.split(order, np.flatnonzero(np.diff(pack)) + 1)


@dataclass(frozen=True, eq=False)
class Pack:
    """Concatenated token sequences, sorted by length.

    ``pair_indices``, and the ``pairs`` of ids, are padded to a multiple of `ROW_COUNT_STEP` with
    their last value, because linear layers would pad most batches to such a multiple anyway.

    Args:
        pairs: int64 (u,), the distinct (token, position) pairs, each encoded as the integer
            ``token * max_positions + position``.
        pair_indices: int64 (t,), the index into ``pairs`` for each token.
        starts: int64 (n,), the index of the first token of each sequence.
        groups: (start, count, length) for each group of ``count`` sequences of equal ``length``;
            ``start`` is the index of the group's first token.
        embeddings: float32 (u, d), the embedding of each pair, in place of that of its token, which
            is then 0; None for sequences of ids.
    """

    pairs: np.ndarray
    pair_indices: np.ndarray
    starts: np.ndarray
    groups: tuple[tuple[int, int, int], ...]
    embeddings: torch.Tensor | None = None


def make_pack(sequences: Sequence[Tokens], max_positions: int) -> Pack:
    """Concatenate sequences of at least one token, sorted by length, into a pack.

    Embeddings are not compared, so no two of them share a pair.

    >>> pack = make_pack([[7], [5, 7], [5, 6]], max_positions=10)
    >>> np.divmod(pack.pairs[:4], 10)[0].tolist(), np.divmod(pack.pairs[:4], 10)[1].tolist()
    ([5, 6, 7, 7], [0, 1, 0, 1])
    >>> pack.pair_indices[:5].tolist(), pack.starts.tolist(), pack.groups
    ([2, 0, 3, 0, 1], [0, 1, 3], ((0, 1, 1), (1, 2, 2)))
    """
    layout = _Layout.of(sequences)
    if isinstance(sequences[0], torch.Tensor):
        embeddings = torch.cat([one for one in sequences if isinstance(one, torch.Tensor)])
        indices = _pad(np.arange(len(embeddings)))
        return Pack(layout.positions, indices, layout.starts, layout.groups, embeddings)
    tokens = np.fromiter(chain.from_iterable(sequences), dtype=np.int64)
    pairs, indices = np.unique(tokens * max_positions + layout.positions, return_inverse=True)
    return Pack(_pad(pairs), _pad(indices), layout.starts, layout.groups)


@dataclass(frozen=True, eq=False)
class _Layout:
    """Where sequences lie in a pack: ``starts`` and ``groups`` as in `Pack`, and all positions."""

    positions: np.ndarray
    starts: np.ndarray
    groups: tuple[tuple[int, int, int], ...]

    @classmethod
    def of(cls, sequences: Sequence[Tokens]) -> _Layout:
        lengths = np.array([len(sequence) for sequence in sequences])
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        positions = np.arange(lengths.sum()) - np.repeat(starts, lengths)
        changes = np.flatnonzero(np.diff(lengths)) + 1
        groups = tuple(
            (int(starts[first]), int(last - first), int(lengths[first]))
            for first, last in zip([0, *changes], [*changes, len(lengths)], strict=True)
        )
        return cls(positions, starts, groups)


def _pad(values: np.ndarray) -> np.ndarray:
    """Repeat the last value up to a multiple of `ROW_COUNT_STEP` values."""
    return np.pad(values, (0, -len(values) % ROW_COUNT_STEP), mode="edge")
