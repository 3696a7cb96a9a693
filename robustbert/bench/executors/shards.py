"""Divide the examples of a cell into shards, and decide what happens to one that fails."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.data import Example

#: The first shards of all workers together have at most this part of the examples. The others go
#: to the workers that are faster.
FIRST_PART = 2
#: Maximum number of unfinished examples of a worker, and so of repeated attacks if it dies.
MAX_UNFINISHED = 64
#: An example is given up when the worker has died so often while it attacked this one alone.
MAX_DEATHS = 3


@dataclass(frozen=True)
class Shard:
    """Examples that one worker attacks.

    Args:
        examples: the examples that are not finished.
        deaths: how often a worker has died while it attacked exactly these.
        is_last: whether the worker gets no further examples for this shard.
    """

    examples: tuple[Example, ...]
    deaths: int = 0
    is_last: bool = True

    def without(self, example_id: str) -> Shard:
        """The other examples."""
        left = tuple(one for one in self.examples if one.example_id != example_id)
        return Shard(left, is_last=self.is_last)

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


class ExampleQueue:
    """The examples of a cell that no worker attacks.

    A worker begins with a shard of several examples, because attacks that run at the same time
    share batches. It gets further ones while it attacks, so it stays busy until the queue is empty,
    and all workers end at about the same time. Each worker has its own part of the examples, and
    takes those of others only when it has finished these: in the next cell it gets the same part,
    and has cached what the model predicted for their texts. What a worker that died had not
    finished becomes shards that do not grow, so that an example that makes workers die is soon
    alone.

    Args:
        examples: the examples.
        workers: the number of workers, at least 1.
    """

    def __init__(self, examples: Sequence[Example], workers: int) -> None:
        self._parts = [deque(examples[worker::workers]) for worker in range(workers)]
        self._again: deque[Shard] = deque()
        share = math.ceil(len(examples) / (FIRST_PART * workers))
        self._size = min(MAX_UNFINISHED, max(1, share))
        self._left = len(examples)

    def __bool__(self) -> bool:
        """Whether there are examples left."""
        return bool(self._left or self._again)

    def add(self, shards: Sequence[Shard]) -> None:
        """Add what has to be attacked again; it comes first."""
        self._again.extend(shards)

    def take(self, worker: int) -> Shard | None:
        """The next shard for a worker that has none; None if nothing is left.

        >>> queue = ExampleQueue([Example(str(number), "a fine film", 1) for number in range(8)], 2)
        >>> shard = queue.take(1)
        >>> [one.example_id for one in shard.examples], shard.is_last
        (['1', '3'], False)
        """
        if self._again:
            return self._again.popleft()
        return self._grown(worker, Shard((), is_last=False), self._size) if self._left else None

    def more(self, worker: int, shard: Shard) -> Shard:
        """The shard of a worker with further examples, if a quarter of its examples is finished.

        ``is_last`` is true if no examples are left. A shard that does not grow is returned as is.
        """
        number = self._size - len(shard.examples)
        if shard.is_last or (self._left and 4 * number < self._size):
            return shard
        return self._grown(worker, shard, number)

    def _grown(self, worker: int, shard: Shard, number: int) -> Shard:
        added = [self._next(worker) for _ in range(min(number, self._left))]
        return Shard((*shard.examples, *added), is_last=not self._left)

    def _next(self, worker: int) -> Example:
        self._left -= 1
        if self._parts[worker]:
            return self._parts[worker].popleft()
        return max(self._parts, key=len).pop()
