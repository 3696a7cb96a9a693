"""What runs the attacks of a cell, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from robustbert.attacks.scheduler.recheck import Recheck
from robustbert.data import Example
from robustbert.models.inference.invariance import InvarianceResult
from robustbert.records import Outcome, WorkerRef

ExecutorName: TypeAlias = Literal["local", "ray"]

if TYPE_CHECKING:
    from robustbert.attacks.runner import AttackRunner
    from robustbert.bench.attack_progress import AttackProgress
    from robustbert.bench.run_options import RunOptions
    from robustbert.bench.victim_spec import VictimSpec
    from robustbert.bench.victims import Victim


@dataclass(frozen=True)
class CellTask:
    """A cell to attack.

    Args:
        spec: the specification of the victim.
        victim: the victim, loaded.
        runner: attacks it in this process.
        label_names: those of the dataset, in order.
        options: how to run it.
    """

    spec: VictimSpec
    victim: Victim
    runner: AttackRunner
    label_names: tuple[str, ...]
    options: RunOptions


@dataclass(frozen=True)
class CellAttack:
    """The attacks on the examples of a cell.

    Args:
        outcomes: one per example, in no fixed order.
        final_texts: the changed texts with which unsuccessful searches ended, keyed by example id.
        seconds: wall time.
        victim_seconds: the time that the victim's predictions took, summed over workers; None if
            a worker died, because its time is not known.
        victim_queries: the number of texts that the victim predicted, summed over workers; None if
            a worker died.
        predictions: the recheck of the victim's predictions.
        embeddings: the recheck of the sentence encoder's embeddings.
        batch_invariance: the combined checks of victim and sentence encoder on all workers.
        workers: the workers; None if the attacks ran in this process.
    """

    outcomes: Sequence[Outcome]
    final_texts: Mapping[str, str]
    seconds: float
    victim_seconds: float | None
    victim_queries: int | None
    predictions: Recheck
    embeddings: Recheck
    batch_invariance: InvarianceResult
    workers: Sequence[WorkerRef] | None = None


class Executor(Protocol):
    """Runs the attacks of cells."""

    @property
    def name(self) -> ExecutorName:
        """Its name in records."""
        ...

    def attack(
        self,
        task: CellTask,
        examples: Sequence[Example],
        interrupted: Sequence[str],
        save: Callable[[Outcome], None],
        progress: AttackProgress,
    ) -> CellAttack:
        """Attack examples of a cell.

        Args:
            task: the cell.
            examples: the examples to attack.
            interrupted: texts of an interrupted run, which the recheck may sample too.
            save: called with each outcome as soon as it is known.
            progress: shows the number of queries, and when outputs are recomputed.
        """
        ...
