"""A model of the throughput of a cluster, and a simulation that checks it.

A cell has N examples, which W workers attack in shards. The driver stores each outcome when it
arrives; it handles one after the other.

The model: with s seconds of work per example and d seconds of the driver per outcome, the attacks
take ``max(N s / W, N d)`` plus the time in which the last worker finishes: half a shard,
``n s / 2`` for shards of n examples. Below ``s / d`` workers the time falls with their number;
above, the driver is the limit.

The simulation draws the work of each example from measured ones, and follows every outcome.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.bench.executors.shards import divide
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
    num_examples: int, num_workers: int, example_seconds: float, outcome_seconds: float
) -> float:
    """How long a cell takes by the model.

    Args:
        num_examples: the number of examples.
        num_workers: the number of workers.
        example_seconds: the mean work per example.
        outcome_seconds: the driver's time per outcome.
    """
    shard = len(divide(_examples(num_examples), num_workers)[0].examples)
    worked = num_examples * example_seconds / num_workers
    return max(worked, num_examples * outcome_seconds) + shard * example_seconds / 2


def simulate(
    num_examples: int,
    num_workers: int,
    measured_seconds: Sequence[float],
    outcome_seconds: float,
    seed: int,
) -> SimulatedRun:
    """Simulate a cell.

    A worker attacks the examples of a shard one after the other. The driver handles outcomes in
    the order in which they arrive, and gives a worker the next shard when it has handled the last
    outcome of the one before.

    Args:
        num_examples: the number of examples.
        num_workers: the number of workers.
        measured_seconds: the work of examples, from which each one's is drawn.
        outcome_seconds: the driver's time per outcome.
        seed: of the drawings.
    """
    generator = random.Random(seed)
    shards = deque(len(one.examples) for one in divide(_examples(num_examples), num_workers))
    # when an outcome arrives, a number that breaks ties, and how many are left of its shard
    arriving: list[tuple[float, int, int]] = []
    arrivals = 0

    def begin(now: float, left: int) -> None:
        nonlocal arrivals
        arrivals += 1
        heapq.heappush(arriving, (now + generator.choice(measured_seconds), arrivals, left))

    for _ in range(min(num_workers, len(shards))):
        begin(0.0, shards.popleft() - 1)
    free = 0.0  # when the driver has handled what arrived so far
    while arriving:
        now, _, left = heapq.heappop(arriving)
        free = max(free, now) + outcome_seconds
        if left:
            begin(now, left - 1)  # the worker does not wait for the driver
        elif shards:
            begin(free, shards.popleft() - 1)
    return SimulatedRun(free, num_examples * outcome_seconds / free)


def _examples(number: int) -> list[Example]:
    return [Example(str(index), "", 0) for index in range(number)]
