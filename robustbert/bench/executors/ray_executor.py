"""Run the attacks of a cell on the workers of a Ray cluster."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from robustbert.attacks.scheduler.recheck import MIN_SAMPLE
from robustbert.bench.executors.attack_worker import CellWork, ShardSummary
from robustbert.bench.executors.cell_packing import CellPacker
from robustbert.bench.executors.connected_cluster import ConnectedCluster
from robustbert.bench.executors.executor import CellAttack, CellTask, ExecutorName
from robustbert.bench.executors.running_cell import RunningCell, RunningWorker
from robustbert.bench.executors.shards import ExampleQueue, Shard
from robustbert.data import Example
from robustbert.errors import ExecutorError, InputError, RobustbertError, describe_error
from robustbert.progress import report_step
from robustbert.records import Environment, Outcome

if TYPE_CHECKING:
    from robustbert.bench.attack_progress import AttackProgress

#: Deaths per worker of the run, without an outcome between them, after which the run ends.
MAX_DEATHS_IN_A_ROW = 12
#: How long to wait for a first worker, in seconds.
START_TIMEOUT = 300.0


class RayExecutor:
    """Runs the attacks of cells on the workers of a cluster.

    The driver alone stores outcomes. A worker that dies is replaced, and the examples that it had
    not finished are attacked again; an example that makes workers die gets the status ``error``.

    Args:
        cluster: the cluster.
        packer: packs cells for the workers; None packs their models and assets.
    """

    name: ExecutorName = "ray"

    def __init__(self, cluster: ConnectedCluster, packer: CellPacker | None = None) -> None:
        import ray

        self._cluster = cluster
        self._packer = packer or CellPacker(ray.put)
        self._workers: list[RunningWorker] = []
        self._deaths = 0
        self._shards = 0

    def attack(
        self,
        task: CellTask,
        examples: Sequence[Example],
        interrupted: Sequence[str],
        save: Callable[[Outcome], None],
        progress: AttackProgress,
    ) -> CellAttack:
        """See :meth:`robustbert.bench.executors.executor.Executor.attack`."""
        queue = ExampleQueue(examples, self._cluster.num_workers)
        first = min(self._cluster.num_workers, max(1, len(examples)))
        work = self._packer.pack(task, math.ceil(MIN_SAMPLE / first))
        cell = RunningCell(_sent(work), save, progress, task)
        while len(self._workers) < self._cluster.num_workers:
            self._workers.append(RunningWorker(self._cluster.start_worker()))
        for one in self._workers:
            one.examples = one.queries = 0
        while queue or any(one.shard for one in self._workers):
            self._assign(queue, cell)
            queue.add(self._next_news(cell))
        texts = [*interrupted, *cell.lost_texts]
        if texts or not cell.summaries:
            self._recheck(cell, texts)
        return cell.result(self._workers)

    def _assign(self, queue: ExampleQueue, cell: RunningCell) -> None:
        """Give shards to the workers that have none, and further examples to the others."""
        for place, one in enumerate(self._workers):
            if one.environment is None:
                continue
            if one.shard is not None:
                self._extend(one, queue.more(place, one.shard))
            elif shard := queue.take(place):
                self._give(one, shard, cell)

    def _give(
        self, one: RunningWorker, shard: Shard, cell: RunningCell, texts: Sequence[str] = ()
    ) -> None:
        """Let a worker attack a shard; its recheck may sample the texts too."""
        self._shards += 1
        one.number, one.shard, one.finished, one.queries = self._shards, None, set(), 0
        attack = one.worker.actor.attack.options(num_returns="streaming")
        one.stream = attack.remote(cell.work, one.number, list(texts))
        self._extend(one, shard)

    def _extend(self, one: RunningWorker, shard: Shard) -> None:
        """Send a worker what its shard has gained, and whether no other examples follow."""
        if shard is not one.shard:
            added = shard.examples[len(one.shard.examples) if one.shard else 0 :]
            one.worker.actor.add_examples.remote(one.number, added, shard.is_last)
            one.shard = shard

    def _recheck(self, cell: RunningCell, texts: Sequence[str]) -> None:
        """Recompute outputs for texts of an interrupted run, on one worker."""
        while not any(one.environment for one in self._workers):
            self._next_news(cell)
        one = next(one for one in self._workers if one.environment)
        self._give(one, Shard(()), cell, texts)
        while one.shard is not None:
            self._next_news(cell)
            if one not in self._workers:
                return self._recheck(cell, texts)
        return None

    def _next_news(self, cell: RunningCell) -> list[Shard]:
        """Wait for news, and take all there are; the shards that have to be attacked again."""
        import ray

        waiting = {one.waits_for: one for one in self._workers if one.waits_for is not None}
        ready, _ = ray.wait([*waiting], num_returns=1, timeout=START_TIMEOUT)
        if not ready:
            if any(one.environment for one in self._workers):
                return []  # an attack on a long text can take minutes
            raise ExecutorError(
                f"no worker has started within {START_TIMEOUT:.0f} s: no node has "
                f"{self._cluster.threads} free CPUs; wait for other jobs, or give more --workers, "
                "which then have fewer threads each"
            )
        ready, _ = ray.wait([*waiting], num_returns=len(waiting), timeout=0)
        again = [shard for one in ready for shard in self._take(waiting[one], cell)]
        cell.show_queries(self._workers)
        return again

    def _take(self, one: RunningWorker, cell: RunningCell) -> list[Shard]:
        """Take what a worker has sent; the shards that have to be attacked again."""
        import ray
        from ray.exceptions import (
            ObjectLostError,
            OutOfMemoryError,
            RayActorError,
            RayTaskError,
        )

        try:
            if one.environment is None:
                found: Environment = ray.get(one.worker.environment)
                self._cluster.check_environment(found)
                one.environment = found
                return []
            message = ray.get(next(one.stream))
        except StopIteration:
            cell.add_queries(one.queries)
            one.shard = one.stream = None
            one.queries = 0
            return []
        except (RayActorError, OutOfMemoryError, ObjectLostError) as error:
            return self._replace(one, cell, error)
        except RayTaskError as error:
            cause = error.cause
            if _is_out_of_memory(cause):
                return self._replace(one, cell, error)
            if isinstance(cause, RobustbertError):
                raise cause from error
            raise
        if isinstance(message, ShardSummary):
            cell.add_summary(message)
        else:
            self._deaths = 0
            one.finished.add(message.outcome.example_id)
            assert one.shard is not None
            one.shard = one.shard.without(message.outcome.example_id)
            one.examples += 1
            one.queries = message.queries
            cell.add_outcome(message.outcome)
        return []

    def _replace(self, one: RunningWorker, cell: RunningCell, error: Exception) -> list[Shard]:
        """Replace a worker that died; the shards that have to be attacked again."""
        import ray

        if getattr(error, "actor_init_failed", False):
            reason = str(error).strip().splitlines()[-1]
            raise ExecutorError(
                f"a worker cannot start ({reason}); install robustbert and its data packages in "
                "the same versions on all nodes"
            ) from error
        self._deaths += 1
        if self._deaths >= MAX_DEATHS_IN_A_ROW * self._cluster.num_workers:
            raise ExecutorError(
                f"workers died {self._deaths} times in a row without finishing an example "
                f"({_reason(error)}); give fewer --workers if memory is short"
            ) from error
        report_step(f"a worker died ({_reason(error)}); another one takes its place")
        ray.kill(one.worker.actor)
        cell.add_death(one)
        self._workers[self._workers.index(one)] = RunningWorker(self._cluster.start_worker())
        again = one.shard.after_death() if one.shard and one.shard.examples else ()
        for shard in again:
            if shard.is_given_up:
                self._deaths = 0
                cell.give_up(shard.examples[0], _reason(error))
        return [shard for shard in again if not shard.is_given_up]


def _sent(work: CellWork) -> Any:
    """A reference to a cell in the object store.

    Raises:
        InputError: the classifier cannot be sent to another process.
    """
    import ray

    try:
        return ray.put(work)
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        raise InputError(
            f"{work.victim.name} cannot be sent to other processes ({describe_error(error)}); save "
            "it as a folder and give its path, or run without a cluster"
        ) from error


def _is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out; torch has no class of exceptions for that on CPUs."""
    import torch

    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )


def _reason(error: Exception) -> str:
    """Why a worker died, in one line without names of machines."""
    from ray.exceptions import OutOfMemoryError, RayTaskError

    if isinstance(error, OutOfMemoryError):
        return "its node ran out of memory"
    if isinstance(error, RayTaskError):
        return describe_error(error.cause)
    return "its process or its node died"
