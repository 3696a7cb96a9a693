"""The order in which training texts are seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

#: Batches that are cut from one pool of texts sorted by length.
POOL = 50


class LengthGroups(torch.utils.data.Sampler[int]):
    """Batches of texts of like length, in a random order that seed and epoch alone decide.

    transformers' own sampler draws from the global generator, so that a resumed training sees
    another order than an unbroken one; and it leaves the batches of a pool sorted by length.

    Args:
        lengths: of the texts, in tokens.
        batch_size: texts in a batch.
        seed: decides the order, with the epoch.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self._lengths = lengths
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch the next iteration is; the data loader does."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        # Far apart, so that no two pairs of seed and epoch in use share a generator.
        chance = torch.Generator().manual_seed(self._seed * 100_003 + self._epoch)
        order = torch.randperm(len(self), generator=chance).tolist()
        size = self._batch_size
        batches: list[list[int]] = []
        for start in range(0, len(order), POOL * size):
            pool = order[start : start + POOL * size]
            pool.sort(key=lambda index: self._lengths[index])
            batches += [pool[i : i + size] for i in range(0, len(pool), size)]
        # An unfilled batch stays last: the loader cuts this list every ``size`` indices.
        full = [batch for batch in batches if len(batch) == size]
        rest = [index for batch in batches if len(batch) < size for index in batch]
        for place in torch.randperm(len(full), generator=chance).tolist():
            yield from full[place]
        yield from rest
