"""Run the attacks of a cell in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from robustbert.bench.executors.executor import CellAttack, CellTask, ExecutorName
from robustbert.data import Example
from robustbert.records import Outcome

if TYPE_CHECKING:
    from robustbert.bench.attack_progress import AttackProgress


class LocalExecutor:
    """Runs the attacks of cells in this process."""

    name: ExecutorName = "local"

    def attack(
        self,
        task: CellTask,
        examples: Sequence[Example],
        interrupted: Sequence[str],
        save: Callable[[Outcome], None],
        progress: AttackProgress,
    ) -> CellAttack:
        """See :meth:`robustbert.bench.executors.executor.Executor.attack`."""
        runner = task.runner
        run = runner.run(examples, save, progress.show_queries)
        progress.show_recheck()
        if interrupted:  # the sample of the interrupted run was lost when its process ended
            run.victim_sample(interrupted)
            run.encoder_sample(interrupted)
        predictions, embeddings = runner.recheck(run)
        return CellAttack(
            outcomes=run.outcomes,
            final_texts=run.final_texts,
            seconds=run.seconds,
            victim_seconds=run.victim_seconds,
            victim_queries=run.victim_queries,
            predictions=predictions,
            embeddings=embeddings,
            batch_invariance=runner.batch_invariance,
        )
