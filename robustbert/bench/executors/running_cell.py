"""What is known of a cell while workers of a cluster attack its examples."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from robustbert.attacks.outcome_builder import unfinished_outcome
from robustbert.attacks.scheduler.recheck import Recheck
from robustbert.bench.executors.attack_worker import ShardSummary
from robustbert.bench.executors.connected_cluster import Worker
from robustbert.bench.executors.executor import CellAttack, CellTask
from robustbert.bench.executors.shards import Shard
from robustbert.data import Example
from robustbert.models.inference.invariance import InvarianceResult
from robustbert.records import Environment, Outcome, WorkerRef

if TYPE_CHECKING:
    from robustbert.bench.attack_progress import AttackProgress


@dataclass(eq=False)
class RunningWorker:
    """A worker, what it does, and how many examples it has attacked.

    Attributes:
        worker: the worker.
        environment: where it runs; None until it has started.
        number: the number of its shard, which identifies it.
        shard: the unfinished examples; None if it has nothing to do.
        stream: what it sends of the shard.
        finished: the ids of the examples of the shard that are finished.
        queries: the number of queries of the shard so far.
        examples: the number of examples of the cell that it has attacked.
    """

    worker: Worker
    environment: Environment | None = None
    number: int = 0
    shard: Shard | None = None
    stream: Any = None
    finished: set[str] = field(default_factory=set)
    queries: int = 0
    examples: int = 0

    @property
    def waits_for(self) -> Any:
        """The reference or stream that is ready when there is news of the worker."""
        return self.worker.environment if self.environment is None else self.stream


class RunningCell:
    """What is known of a cell while it runs.

    Args:
        work: a reference to what workers need for it, in the object store.
        save: called with each outcome.
        progress: shows the number of queries.
        task: the cell.
    """

    def __init__(
        self,
        work: Any,
        save: Callable[[Outcome], None],
        progress: AttackProgress,
        task: CellTask,
    ) -> None:
        self.work = work
        self.summaries: list[ShardSummary] = []
        self.gone: list[RunningWorker] = []
        self.lost_texts: list[str] = []
        self._lost_shards = 0
        self._outcomes: list[Outcome] = []
        self._save = save
        self._progress = progress
        self._task = task
        self._done = 0
        self._began = time.perf_counter()
        self._seconds = 0.0

    def add_outcome(self, outcome: Outcome) -> None:
        """Store an outcome."""
        self._seconds = time.perf_counter() - self._began
        self._outcomes.append(outcome)
        self._save(outcome)

    def show_queries(self, workers: Sequence[RunningWorker]) -> None:
        """Show the number of queries of the finished shards and the running ones."""
        self._progress.show_queries(self._done + sum(one.queries for one in workers))

    def add_queries(self, number: int) -> None:
        """Count the queries of a finished shard."""
        self._done += number

    def add_summary(self, summary: ShardSummary) -> None:
        """Keep what a worker says of a finished shard."""
        self.summaries.append(summary)

    def add_death(self, one: RunningWorker) -> None:
        """Keep what is known of a worker that cannot summarize its shard any more."""
        self.gone.append(one)
        if one.shard is None:
            return
        self._lost_shards += 1
        self.add_queries(one.queries)
        self.lost_texts += [
            text
            for outcome in self._outcomes
            if outcome.example_id in one.finished
            for text in (outcome.text, outcome.adversarial_text)
            if text is not None
        ]

    def give_up(self, example: Example, reason: str) -> None:
        """Store the status ``error`` for an example that makes workers die."""
        message = f"the worker died while it attacked this example alone: {reason}"
        self.add_outcome(unfinished_outcome(example, self._task.runner.seed_of(example), message))

    def result(self, workers: Sequence[RunningWorker]) -> CellAttack:
        """The attacks on all examples; their time ends with the last outcome, before rechecks."""
        invariance = InvarianceResult(verified=True)
        for one in self.summaries:
            invariance &= one.batch_invariance
        texts = {key: text for one in self.summaries for key, text in one.final_texts.items()}
        return CellAttack(
            outcomes=self._outcomes,
            final_texts=texts,
            seconds=self._seconds,
            victim_seconds=self._sum_of("victim_seconds"),
            victim_queries=self._sum_of("victim_queries"),
            predictions=_sum([one.predictions for one in self.summaries]),
            embeddings=_sum([one.embeddings for one in self.summaries]),
            batch_invariance=invariance,
            workers=[_worker_ref(one) for one in (*workers, *self.gone) if one.examples],
        )

    def _sum_of(self, name: str) -> Any:
        """The sum over all shards; None if one has no summary."""
        if self._lost_shards:
            return None
        return sum(getattr(one, name) for one in self.summaries)


def _sum(rechecks: Sequence[Recheck]) -> Recheck:
    return Recheck(
        sum(one.checked for one in rechecks),
        sum(one.differing for one in rechecks),
        sum(one.changed for one in rechecks),
    )


def _worker_ref(one: RunningWorker) -> WorkerRef:
    found = one.environment
    assert found is not None
    return WorkerRef(
        processor=found.processor,
        device=found.device,
        threads=found.threads,
        examples=one.examples,
    )
