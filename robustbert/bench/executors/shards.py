"""Divide the examples of a cell into shards, and decide what happens to one that fails."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from robustbert.data import Example

#: The number of shards per worker: a fast worker takes more of them than a slow one.
SHARDS_PER_WORKER = 4
#: Maximum number of examples of a shard, and so of attacks that a failed worker repeats.
MAX_SHARD = 64
#: An example is given up when the worker has died so often while it attacked this one alone.
MAX_DEATHS = 3


@dataclass(frozen=True)
class Shard:
    """Examples that one worker attacks.

    Args:
        examples: the examples, at least one.
        deaths: how often a worker has died while it attacked exactly these.
    """

    examples: tuple[Example, ...]
    deaths: int = 0

    def without(self, finished: Collection[str]) -> Shard | None:
        """The examples whose ids are not among the finished ones; None if all are."""
        left = tuple(one for one in self.examples if one.example_id not in finished)
        if len(left) == len(self.examples):
            return self
        return Shard(left) if left else None

    def after_death(self) -> tuple[Shard, ...]:
        """What to attack after the worker has died: both halves, or a single example once more.

        Halving finds the example that makes workers die in a few steps.
        """
        if len(self.examples) == 1:
            return (Shard(self.examples, self.deaths + 1),)
        middle = len(self.examples) // 2
        return Shard(self.examples[:middle]), Shard(self.examples[middle:])

    @property
    def is_given_up(self) -> bool:
        """Whether its single example has made too many workers die."""
        return self.deaths >= MAX_DEATHS


def divide(examples: Sequence[Example], workers: int) -> list[Shard]:
    """Divide examples into shards of nearly equal size, in order.

    >>> examples = [Example(str(number), "a fine film", 1) for number in range(10)]
    >>> [len(shard.examples) for shard in divide(examples, 1)]
    [3, 3, 3, 1]

    Args:
        examples: the examples.
        workers: the number of workers, at least 1.
    """
    size = min(MAX_SHARD, max(1, math.ceil(len(examples) / (workers * SHARDS_PER_WORKER))))
    return [Shard(tuple(examples[i : i + size])) for i in range(0, len(examples), size)]
