"""The order of training texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

#: The number of batches that are cut from one pool of texts sorted by length.
POOL_BATCHES = 50


class LengthGroups(torch.utils.data.Sampler[int]):
    """Sample batches of texts of similar length, shuffled by seed and epoch alone.

    transformers' own sampler draws from the global generator, so a resumed training would see
    another order than an uninterrupted one; and it leaves the batches of a pool sorted by length.

    Args:
        lengths: the texts' lengths in tokens.
        batch_size: texts per batch.
        seed: decides the order, together with the epoch.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self._lengths = lengths
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next iteration; called by the data loader."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        # A large factor, so that no two pairs of seed and epoch share a generator seed.
        generator = torch.Generator().manual_seed(self._seed * 100_003 + self._epoch)
        order = torch.randperm(len(self), generator=generator).tolist()
        size = self._batch_size
        batches: list[list[int]] = []
        for start in range(0, len(order), POOL_BATCHES * size):
            pool = order[start : start + POOL_BATCHES * size]
            pool.sort(key=lambda index: self._lengths[index])
            batches += [pool[i : i + size] for i in range(0, len(pool), size)]
        # A partial batch goes last, because the loader splits this list every ``size`` indices.
        full = [batch for batch in batches if len(batch) == size]
        rest = [index for batch in batches if len(batch) < size for index in batch]
        for place in torch.randperm(len(full), generator=generator).tolist():
            yield from full[place]
        yield from rest
