"""Attack as the cell of a record does, and warn of what makes the outcomes differ from it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

from robustbert.attacks.attack_run import AttackRun
from robustbert.bench.attack_progress import AttackProgress
from robustbert.bench.job import LoadedJob
from robustbert.data import Example
from robustbert.errors import RobustbertWarning
from robustbert.gate.repeated_cells import LoadedVictim, RepeatedCells, condition_difference
from robustbert.records import Outcome, Record
from robustbert.reports.row_labels import cell_label, record_label
from robustbert.reports.wording import counted


def repeated_job(
    cells: RepeatedCells, loaded: LoadedVictim, record: Record, *, n: int
) -> LoadedJob:
    """The attack of a record on a model; warns if it has other conditions than the record.

    Args:
        cells: loads the data.
        loaded: the attacked model.
        record: the record of the cell.
        n: the number of examples.

    Raises:
        InputError: see :meth:`robustbert.gate.RepeatedCells.job`.
    """
    job = cells.job(loaded, record, n=n, seed=record.protocol.seed)
    difference = condition_difference(job.header, record)
    if difference is not None:
        warnings.warn(
            f"{record_label(record)} was attacked under other conditions: they differ in "
            f"{difference}; outcomes may differ for that reason",
            RobustbertWarning,
            stacklevel=2,
        )
    return job


def repeat_attack(
    job: LoadedJob,
    record: Record,
    examples: Sequence[Example],
    title: str,
    on_outcome: Callable[[Outcome], None] | None = None,
) -> AttackRun:
    """Attack examples, show the progress, and warn of those whose attack failed with an error.

    Args:
        job: the attack.
        record: the record of its cell, for messages.
        examples: what is attacked.
        title: why, for the progress.
        on_outcome: called with each outcome that is not an error.
    """
    described = f"{title}: {cell_label(record)}"
    with AttackProgress(len(examples), described) as progress:

        def add(outcome: Outcome) -> None:
            if on_outcome is not None and outcome.status != "error":
                on_outcome(outcome)
            progress.add(outcome)

        run = job.runner.run(examples, add, progress.show_queries)
    errors = [outcome.error for outcome in run.outcomes if outcome.error is not None]
    if errors:
        warnings.warn(
            f"{described}: {counted(len(errors), 'attack')} failed with an error, so these "
            f"examples are left out; the first: {errors[0]}",
            RobustbertWarning,
            stacklevel=2,
        )
    return run
