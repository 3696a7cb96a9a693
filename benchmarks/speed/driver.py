"""Measure how many outcomes the driver of a cluster stores per second, and simulate 1,000 workers.

    python benchmarks/speed/driver.py [--outcomes 5000] [--examples 10000]

The driver is the real one: it takes outcomes from Ray's streams and appends them to the journal of
a run folder. The workers are streams of one process that answer at once, so their number can be
that of a large cluster. What counts is the CPU time of the driver per outcome, with all threads of
Ray: the streams share this machine with it, so the time on the clock would be theirs too.

The times of examples are those of the committed textfooler attacks on MiniLM: the seconds of a cell
on one thread, divided among its examples in proportion to their queries. With these and with the
measured time per outcome, runs are simulated and compared with the model of
``simulated_cluster.py``.

Writes ``driver.json`` in ``results/scale/PROCESSOR``, for the tables of ``docs/scale.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from scale_results import RESULTS, write_measurement
from simulated_cluster import modelled_seconds, simulate

from robustbert.attacks.scheduler.recheck import Recheck
from robustbert.bench.attack_progress import AttackProgress
from robustbert.bench.environment import capture_environment
from robustbert.bench.executors.attack_worker import ShardOutcome, ShardSummary
from robustbert.bench.executors.connected_cluster import Worker
from robustbert.bench.executors.ray_executor import RayExecutor
from robustbert.bench.store import RunStore, StoredCell
from robustbert.data import Example
from robustbert.models.inference.invariance import InvarianceResult
from robustbert.records import Environment, Outcome, read_published
from robustbert.records.results_layout import PublishedCell

#: The committed cell whose times and outcomes are used.
DATASET, TRACK, MODEL, RECIPE = "rotten_tomatoes", "unified", "minilm", "textfooler"
WORKERS = (1, 10, 100, 1000)
SEEDS = range(5)


class Streams:
    """An actor that answers like many workers, without attacking: it sends a stored outcome."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._inboxes: defaultdict[int, asyncio.Queue[tuple[Sequence[Example], bool]]]
        self._inboxes = defaultdict(asyncio.Queue)

    async def environment(self) -> Environment:
        """The environment of a worker."""
        return capture_environment("cpu")

    async def add_examples(self, number: int, examples: Sequence[Example], is_last: bool) -> None:
        """Add examples to a shard."""
        self._inboxes[number].put_nowait((examples, is_last))

    async def attack(
        self, work: None, number: int, texts: Sequence[str]
    ) -> AsyncIterator[ShardOutcome | ShardSummary]:
        """Yield an outcome per example of a shard, then the summary."""
        inbox, is_last = self._inboxes[number], False
        while not is_last:
            examples, is_last = await inbox.get()
            for example in examples:
                outcome = self._outcome.model_copy(update={"example_id": example.example_id})
                yield ShardOutcome(outcome, 0)
        yield ShardSummary({}, 0.0, 0, Recheck(0, 0, 0), Recheck(0, 0, 0), InvarianceResult(True))


class StreamCluster:
    """A cluster whose workers are streams of one actor."""

    threads = 1

    def __init__(self, num_workers: int, outcome: Outcome) -> None:
        import ray

        self.num_workers = num_workers
        kind: Any = ray.remote(num_cpus=1, max_concurrency=2 * num_workers)(Streams)
        self._actor = kind.remote(outcome)
        self._environment = self._actor.environment.remote()
        ray.get(self._environment)

    def start_worker(self) -> Worker:
        """A further stream."""
        return Worker(self._actor, self._environment)

    def check_environment(self, _: Environment) -> None:
        """All streams run on this machine."""


class NothingToPack:
    """Packs no model and no assets."""

    def pack(self, *_: object) -> None:
        """Nothing, which the streams ignore."""


def outcome_seconds(cell: PublishedCell, num_workers: int, num_outcomes: int) -> float:
    """The CPU time of taking an outcome from one of so many workers and storing it."""
    outcome = max(cell.outcomes, key=lambda one: one.words_changed or 0)
    examples = [Example(f"{number:016x}", "", 0) for number in range(num_outcomes)]
    executor = RayExecutor(StreamCluster(num_workers, outcome), NothingToPack())  # type: ignore
    task: Any = SimpleNamespace()  # only the packer reads it
    with tempfile.TemporaryDirectory() as folder, AttackProgress(num_outcomes, "storing") as shown:
        store = RunStore(Path(folder))
        journal = StoredCell(Path(folder) / "cell.partial", None, {}, frozenset(), False)

        def save(one: Outcome) -> None:
            store.append(journal, one)
            shown.add(one)

        began = time.process_time()
        executor.attack(task, examples, [], save, shown)
        return (time.process_time() - began) / num_outcomes


def work_of_examples(cell: PublishedCell) -> list[float]:
    """The work of each example in seconds of one thread, in proportion to its queries."""
    timing, environment = cell.record.timing, cell.record.environment
    if timing.attack_seconds is None:
        raise SystemExit(f"the attack of {cell.path} was interrupted, so its time is unknown")
    total = sum(outcome.queries for outcome in cell.outcomes)
    seconds = timing.attack_seconds * environment.threads
    return [seconds * outcome.queries / total for outcome in cell.outcomes]


def simulated(
    work: Sequence[float], per_outcome: float, num_workers: int, num_examples: int
) -> dict[str, Any]:
    """A simulated cell, beside what the model says of it."""
    runs = [simulate(num_examples, num_workers, work, per_outcome, seed) for seed in SEEDS]
    return {
        "workers": num_workers,
        "outcome_seconds": per_outcome,
        "model_seconds": modelled_seconds(num_examples, num_workers, work, per_outcome),
        "simulated_seconds": [run.seconds for run in runs],
        "driver_share": statistics.median(run.driver_share for run in runs),
    }


def main() -> int:
    """Measure and simulate; the exit code."""
    import ray

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--outcomes", type=int, default=5000, help="outcomes to store per rate")
    parser.add_argument("--examples", type=int, default=10_000, help="examples of simulated cells")
    options = parser.parse_args()
    (cell,) = (
        one
        for one in read_published(RESULTS.parent / DATASET)
        if (one.record.track, one.record.recipe.name) == (TRACK, RECIPE)
        and one.record.model.name == MODEL
        and not one.record.defenses
    )
    work, rows = work_of_examples(cell), []
    for workers in WORKERS:
        ray.init(
            address="local",
            num_cpus=2,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
        )
        per_outcome = outcome_seconds(cell, workers, options.outcomes)
        ray.shutdown()
        print(f"{workers} workers: {1e3 * per_outcome:.2f} ms per outcome", flush=True)
        rows.append(simulated(work, per_outcome, workers, options.examples))
    measurement = {
        "recipe": RECIPE,
        "dataset": DATASET,
        "examples": options.examples,
        "example_seconds": statistics.mean(work),
        "outcomes": options.outcomes,
        "simulations": rows,
    }
    print(f"wrote {write_measurement('driver', measurement)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
