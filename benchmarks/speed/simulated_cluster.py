"""A model of the throughput of a cluster, and a simulation that checks it.

A cell has N examples, which W workers attack. The driver stores each outcome when it arrives; it
handles one after the other.

The model: with s seconds of work per example and d seconds of the driver per outcome, the attacks
take ``max(N s / W + t, N d)``. In the time t the last worker finishes. When no examples are left to
give out, a worker has between 3/4 n and n unfinished ones, where n is the size of a first shard.
With a standard deviation of the work per example of v, their work has one of
``sqrt(n v^2 + (n s / 4)^2 / 12)``, and t is that times the largest of W standard normal values,
which is about the quantile of (W - 3/8) / (W + 1/4) (Blom 1958, "Statistical estimates and
transformed beta-variables"). Below ``s / d`` workers the time falls with their number; above, the
driver is the limit.

The simulation draws the work of each example from measured ones, and follows every outcome.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from statistics import NormalDist, fmean, pstdev

from robustbert.bench.executors.shards import ExampleQueue
from robustbert.data import Example


@dataclass(frozen=True)
class SimulatedRun:
    """A cell on simulated workers.

    Args:
        seconds: how long it takes.
        driver_share: the share of this time in which the driver is busy, from 0 to 1.
    """

    seconds: float
    driver_share: float


def modelled_seconds(
    num_examples: int,
    num_workers: int,
    measured_seconds: Sequence[float],
    outcome_seconds: float,
) -> float:
    """How long a cell takes by the model.

    Args:
        num_examples: the number of examples.
        num_workers: the number of workers.
        measured_seconds: the work of examples.
        outcome_seconds: the driver's time per outcome.
    """
    mean, spread = fmean(measured_seconds), pstdev(measured_seconds)
    first = ExampleQueue(_examples(num_examples), num_workers).take(0)
    unfinished = len(first.examples) if first else 0
    deviation = math.sqrt(unfinished * spread**2 + (unfinished * mean / 4) ** 2 / 12)
    largest = NormalDist().inv_cdf((num_workers - 0.375) / (num_workers + 0.25))
    worked = num_examples * mean / num_workers + deviation * largest
    return max(worked, num_examples * outcome_seconds)


def simulate(
    num_examples: int,
    num_workers: int,
    measured_seconds: Sequence[float],
    outcome_seconds: float,
    seed: int,
) -> SimulatedRun:
    """Simulate a cell.

    A worker attacks its examples one after the other. The driver handles outcomes in the order in
    which they arrive, and then sends the worker further examples if they are due.

    Args:
        num_examples: the number of examples.
        num_workers: the number of workers.
        measured_seconds: the work of examples, from which each one's is drawn.
        outcome_seconds: the driver's time per outcome.
        seed: of the drawings.
    """
    generator = random.Random(seed)
    queue = ExampleQueue(_examples(num_examples), num_workers)
    shards = [queue.take(worker) for worker in range(num_workers)]
    waiting = [len(shard.examples) if shard else 0 for shard in shards]
    is_busy = [False] * num_workers
    # when something happens, a number that breaks ties, the worker, and how many examples it gets;
    # None for an outcome
    events: list[tuple[float, int, int, int | None]] = []
    numbers = count()

    def begin(now: float, worker: int) -> None:
        is_busy[worker] = waiting[worker] > 0
        if is_busy[worker]:
            waiting[worker] -= 1
            end = now + generator.choice(measured_seconds)
            heapq.heappush(events, (end, next(numbers), worker, None))

    for worker in range(num_workers):
        begin(0.0, worker)
    free = 0.0  # when the driver has handled what arrived so far
    while events:
        now, _, worker, added = heapq.heappop(events)
        if added is not None:
            waiting[worker] += added
            if not is_busy[worker]:
                begin(now, worker)
            continue
        begin(now, worker)  # the worker does not wait for the driver
        free = max(free, now) + outcome_seconds
        shard = shards[worker]
        assert shard is not None
        left = shard.without(shard.examples[0].example_id)
        shards[worker] = grown = queue.more(worker, left)
        if gained := len(grown.examples) - len(left.examples):
            heapq.heappush(events, (free, next(numbers), worker, gained))
    return SimulatedRun(free, num_examples * outcome_seconds / free)


def _examples(number: int) -> list[Example]:
    return [Example(str(index), "", 0) for index in range(number)]
