"""Attack the rows of a run again, and mark those whose robustness does not hold."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from robustbert.bench.store import RunStore
from robustbert.errors import InputError, RecordError
from robustbert.gate.repeated_cells import LoadedVictim, RepeatedCells
from robustbert.leaderboard.rebuilt_victims import rebuild_victim
from robustbert.metrics import proportion, reliability
from robustbert.metrics.reliability import measured_check
from robustbert.models.searched_through import DEFAULT_VOTES
from robustbert.rechecks import adaptive, miscalibration
from robustbert.rechecks.attacked_row import AttackedRow, attacked_rows, significant_drop
from robustbert.rechecks.row_attacker import RowAttacker, check_repeatable
from robustbert.records import Record, ReliabilityCheck, record_name, record_path
from robustbert.records.row_recheck import RowRecheck, recheck_path, write_recheck
from robustbert.reports import leaderboard_table
from robustbert.reports.row_labels import cell_label, record_label
from robustbert.reports.run_folder import read_finished
from robustbert.reports.run_view import select_records
from robustbert.version import __version__

_REPLACED = frozenset({miscalibration.NAME, adaptive.NAME})


@dataclass(frozen=True)
class RecheckOptions:
    """How to attack rows again.

    Args:
        row: the label of a row or the name of a model; None for all rows.
        model: a folder or ``hub:NAME`` with the model of the rows; None to train it again, or to
            take it from the cache.
        votes: the number of votes that searches of randomised models average over, at least 1.
        device: auto, cpu, cuda, cuda:N or mps.
        trusted: import paths that records may name.
    """

    row: str | None = None
    model: str | None = None
    votes: int = DEFAULT_VOTES
    device: str = "auto"
    trusted: tuple[str, ...] = ()


def recheck_run(
    run: Path,
    cells: RepeatedCells,
    options: RecheckOptions,
    on_row: Callable[[RowRecheck], None] = lambda _: None,
) -> tuple[Record, ...]:
    """Attack the rows of a run folder again; the checks are added to its records and tables.

    Args:
        run: a run folder.
        cells: loads the data and models of the run.
        options: which rows, and how.
        on_row: called with the result of each row, after it was stored.

    Returns:
        The records of the rows, with their checks.

    Raises:
        InputError: there is no such row, or it cannot be attacked again.
        RecordError: the folder is not a run folder.
        ModelError: a model cannot be loaded or trained again.
    """
    if not (run / "records").is_dir():
        raise RecordError(
            f"{run} is not a run folder: it has no records; pass the --out folder of a run"
        )
    if options.votes < 1:
        raise InputError(f"the number of votes is {options.votes}; give at least 1")
    read = read_finished(run)
    rows = attacked_rows(read, select_records(read.records, run, model=options.row))
    for row in rows:
        for record in row.records:
            check_repeatable(record, options.trusted)
            _check_file_name(run, record)
    store = RunStore(run)
    changed: list[Record] = []
    with store.locked():
        for row in rows:
            result = recheck_row(row, _victim(row.first, cells, options), cells, options.votes)
            write_recheck(result, recheck_path(run, row.first))
            records = [_with_checks(row, record, result) for record in row.records]
            store.replace_records(records)
            stored = store.content([])
            store.write_table(leaderboard_table(stored.records, stored.outcomes))
            changed += records
            on_row(result)
    return tuple(changed)


def recheck_row(
    row: AttackedRow, loaded: LoadedVictim, cells: RepeatedCells, num_votes: int
) -> RowRecheck:
    """Attack one row again.

    Args:
        row: the row.
        loaded: its model.
        cells: loads its data.
        num_votes: the number of votes that searches of a randomised model average over.
    """
    attacker = RowAttacker(row, loaded, cells)
    reason = miscalibration.reason_not_to_check(attacker)
    not_checked = {} if reason is None else {miscalibration.NAME: reason}
    calibration = None if reason else miscalibration.check_calibration(attacker)
    if row.first.protocol.adaptive:
        adapted = None
        not_checked[adaptive.NAME] = "the attack of the row is adaptive"
    else:
        adapted = adaptive.check_adaptive(attacker, num_votes)
        if adapted is None:
            not_checked[adaptive.NAME] = "the model is not randomised and transforms no texts"
    survivors = row.survivors()
    return RowRecheck(
        robustbert_version=__version__,
        created_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        row=record_label(row.first),
        dataset=row.first.dataset.name,
        track=row.first.track,
        recipes=[record.recipe.name for record in row.records],
        model_sha256=row.first.model.sha256,
        worst_case=proportion(sum(survivors.values()), len(survivors)),
        calibration=calibration,
        adaptive=adapted,
        not_checked=not_checked,
    )


def checks_of(result: RowRecheck) -> list[ReliabilityCheck]:
    """The reliability checks of a row that was attacked again."""
    found = []
    if result.calibration is not None:
        drop = significant_drop(result.calibration.attack)
        found.append(measured_check(miscalibration.NAME, drop))
    if result.adaptive is not None:
        drop = significant_drop(result.adaptive.attack)
        found.append(measured_check(adaptive.NAME, drop))
    return found


def _with_checks(row: AttackedRow, record: Record, result: RowRecheck) -> Record:
    """A record of a row with the checks of a recheck, in place of earlier ones."""
    outcomes = row.outcomes[record.recipe.name]
    # records of schema 1 have none, and their tables compute them
    before = record.reliability or reliability(outcomes, record.environment.batch_invariance)
    kept = [check for check in before if check.name not in _REPLACED]
    return record.model_copy(update={"reliability": [*kept, *checks_of(result)]})


def _check_file_name(run: Path, record: Record) -> None:
    """Refuse a record that would be written to another file than it was read from."""
    path = record_path(run, record_name(record))
    if not path.exists():
        raise InputError(
            f"the record of {cell_label(record)} is not in {path}; give the file this name, or run "
            "it again"
        )


def _victim(record: Record, cells: RepeatedCells, options: RecheckOptions) -> LoadedVictim:
    if options.model is not None:
        return cells.victim(options.model, record, same=True)
    return rebuild_victim(record, cells.dataset(record), options.device)
