"""The results that a gate compares: a run folder, a record file or a baseline."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from robustbert.errors import InputError, RecordError
from robustbert.metrics import counts
from robustbert.records import (
    Baseline,
    Outcome,
    Record,
    Status,
    outcomes_path,
    parse_baseline,
    published_outcomes_path,
    read_outcomes,
    record_name,
    statuses_of,
)
from robustbert.records.strict_json import parse_object, read_file, record_of
from robustbert.reports.row_labels import record_label
from robustbert.reports.run_folder import read_finished
from robustbert.reports.wording import counted, listed


@dataclass(frozen=True)
class GateCell:
    """One cell: its record and the status of each of its examples.

    Args:
        record: its record.
        statuses: keyed by example id, in the order of the examples.
    """

    record: Record
    statuses: Mapping[str, Status]

    @property
    def row(self) -> str:
        """The label of its row, as tables show it."""
        return record_label(self.record)


@dataclass(frozen=True)
class GateRun:
    """The cells of a run.

    Args:
        name: what messages and reports call it: the path that was given.
        cells: at least one.
    """

    name: str
    cells: tuple[GateCell, ...]

    def rows(self) -> tuple[str, ...]:
        """The distinct labels of its rows, in order."""
        return tuple(dict.fromkeys(cell.row for cell in self.cells))

    def only_row(self, label: str) -> GateRun:
        """The cells of one row.

        Raises:
            InputError: there is no such row; the message lists the rows.
        """
        kept = tuple(cell for cell in self.cells if cell.row == label)
        if not kept:
            raise InputError(f"{self.name} has no row {label!r}; it has {listed(self.rows())}")
        return GateRun(self.name, kept)


def gate_run(
    name: str, records: Iterable[Record], outcomes: Mapping[str, Iterable[Outcome]]
) -> GateRun:
    """The run with these records and outcomes.

    Args:
        name: what messages and reports call it.
        records: at least one.
        outcomes: those of each record, keyed by :func:`robustbert.records.record_name`.
    """
    return GateRun(
        name, tuple(_cell(record, outcomes[record_name(record)], name) for record in records)
    )


def gate_run_of_baseline(baseline: Baseline, name: str) -> GateRun:
    """The run that a baseline was made from."""
    return GateRun(
        name,
        tuple(
            GateCell(cell.record, MappingProxyType(baseline.statuses_of(cell)))
            for cell in baseline.cells
        ),
    )


def read_gate_run(path: Path | str) -> GateRun:
    """Read a run folder, published results, the record of one cell, or a baseline.

    Raises:
        RecordError: it is none of them, or it is damaged; the message says what to pass instead.
    """
    path = Path(path)
    if path.is_dir():
        run = read_finished(path)
        return gate_run(str(path), run.records, run.outcomes)
    if not path.exists():
        raise RecordError(
            f"{path} does not exist; give a run folder, a record or a baseline (robustbert "
            "baseline save)"
        )
    content = read_file(path)
    parsed = parse_object(content, str(path))
    if "baseline_version" in parsed:
        return gate_run_of_baseline(parse_baseline(content, str(path)), str(path))
    if "schema_version" not in parsed:
        raise RecordError(
            f"{path} is neither a record nor a baseline; give a run folder, records/CELL.json of "
            "one, a record of published results, or a file of robustbert baseline save"
        )
    record = record_of(parsed, str(path))
    return GateRun(str(path), (_cell(record, read_outcomes(_outcomes_of(path)), str(path)),))


def _outcomes_of(path: Path) -> Path:
    """The outcomes of the record at ``path``: of a run folder, or of published results."""
    # absolute: the path may be relative to the folder of the records
    of_run = outcomes_path(path.absolute().parent.parent, path.stem)
    beside = published_outcomes_path(path)
    for outcomes in (of_run, beside):
        if outcomes.exists():
            return outcomes
    raise RecordError(
        f"{path} has no outcomes at {of_run}, and none beside it; give the whole run folder"
    )


def check_finished(
    folder: Path,
    allow: Collection[str] = (),
    otherwise: str = ", or leave unfinished cells out with --allow missing",
) -> None:
    """Check that a run folder has no unfinished cell, unless ``missing`` is allowed.

    Args:
        folder: a run folder; a file has no unfinished cell.
        allow: kinds of differences that are allowed.
        otherwise: what to do instead of finishing the run, for the message.

    Raises:
        InputError: it has one.
    """
    unfinished = sorted((folder / "outcomes").glob("*.partial"))
    if unfinished and "missing" not in allow:
        raise InputError(
            f"{folder} has {counted(len(unfinished), 'unfinished cell')}, such as "
            f"{unfinished[0].name.split('.')[0]}; repeat its command to resume it{otherwise}"
        )


def _cell(record: Record, outcomes: Iterable[Outcome], place: str) -> GateCell:
    found = tuple(outcomes)
    if counts(found, record.counts.truncated) != record.counts:
        raise RecordError(
            f"{place}: the outcomes of {record_name(record)} do not match its record; rerun the "
            "cell"
        )
    return GateCell(record, MappingProxyType(statuses_of(found)))
