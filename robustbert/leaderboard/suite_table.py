"""The published rows of a suite in its order, with those that are still missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from robustbert.bench import Suite
from robustbert.leaderboard.against_plain import AgainstPlain, against_plain
from robustbert.leaderboard.row_settings import (
    RowSettings,
    plain_row,
    rows_of_suite,
    settings_of_record,
)
from robustbert.records import Record, is_published, read_published, run_of_published
from robustbert.reports.notes import group_notes
from robustbert.reports.notes.noted_cells import first_record
from robustbert.reports.results_table import leaderboard_table
from robustbert.reports.table_groups import Group
from robustbert.reports.table_rows import Outcomes, Row


@dataclass(frozen=True)
class SuiteLine:
    """A row of the suite or of the records.

    Args:
        settings: how the row is made.
        row: its numbers, under its title; None if it has no record.
        name: its name in the suite, or model, defenses and parameters.
    """

    settings: RowSettings
    row: Row | None
    name: str

    @property
    def title(self) -> str:
        """The name, made unique within a table."""
        return self.row.label if self.row else self.name


@dataclass(frozen=True)
class SuiteTable:
    """The lines of one dataset and track.

    Args:
        group: the rows that have records, under the titles of their lines.
        lines: those of the suite in its order, then rows that are not in the suite.
        outcomes: the outcomes of all records, keyed by :func:`robustbert.records.record_name`.
    """

    group: Group
    lines: tuple[SuiteLine, ...]
    outcomes: Outcomes

    @property
    def plain(self) -> SuiteLine | None:
        """The line that the others are compared with: the first without a defense."""
        settings = plain_row(line.settings for line in self.lines)
        return next((line for line in self.lines if line.settings == settings), None)

    def against_plain(self) -> list[tuple[SuiteLine, AgainstPlain]]:
        """All other lines, each with its comparison with the plain one."""
        plain = self.plain
        others = [line for line in self.lines if line is not plain]
        rows = [line.row for line in others]
        found = against_plain(plain.row if plain else None, rows, self.outcomes)
        return list(zip(others, found, strict=True))


def read_suite_tables(
    results: Path, suite: Suite, *, named: bool = False
) -> tuple[SuiteTable, ...]:
    """The tables of a suite's published records, one per dataset and track, in its order.

    Args:
        results: the folder of published results; there are no tables if it contains none.
        suite: the suite that made them.
        named: whether a row is called as in the suite; else by model, defenses and parameters, as
            are rows that are not in the suite.

    Raises:
        RecordError: a file cannot be read.
    """
    if not is_published(results):
        return ()
    run = run_of_published(read_published(results))
    expected = rows_of_suite(suite)
    order = list(expected)
    groups = sorted(
        leaderboard_table(run.records, run.outcomes).groups,
        key=lambda group: order.index(group.dataset) if group.dataset in order else len(order),
    )
    return tuple(
        _table(group, expected.get(group.dataset, {}), run.outcomes, named=named)
        for group in groups
    )


def read_row_tables(
    results: Path, prepare: Callable[[Record], Record] | None = None
) -> tuple[SuiteTable, ...]:
    """The tables of published records without a suite, one per dataset and track.

    Rows are called by model, defenses and parameters, the shortest name first.

    Args:
        results: the folder of published results; there are no tables if it contains none.
        prepare: changes each record before records are grouped into rows.

    Raises:
        RecordError: a file cannot be read.
    """
    if not is_published(results):
        return ()
    cells = read_published(results)
    if prepare is not None:
        cells = tuple(replace(cell, record=prepare(cell.record)) for cell in cells)
    run = run_of_published(cells)
    tables = [
        _table(group, {}, run.outcomes, named=False)
        for group in leaderboard_table(run.records, run.outcomes).groups
    ]
    return tuple(
        replace(table, lines=tuple(sorted(table.lines, key=lambda line: len(line.name))))
        for table in tables
    )


def _table(
    group: Group, expected: Mapping[RowSettings, str], outcomes: Outcomes, *, named: bool
) -> SuiteTable:
    found: dict[RowSettings, list[Row]] = {}
    for row in group.rows:
        found.setdefault(settings_of_record(first_record(row)), []).append(row)
    names = expected if named else {}
    lines = tuple(
        line
        for settings in dict.fromkeys((*expected, *found))
        for line in _lines(settings, names.get(settings, settings.title), found.get(settings, []))
    )
    rows = tuple(line.row for line in lines if line.row)
    notes = group_notes(rows, group.core, group.recipes, outcomes)
    return SuiteTable(replace(group, rows=rows, notes=notes), lines, outcomes)


def _lines(settings: RowSettings, name: str, rows: Sequence[Row]) -> list[SuiteLine]:
    """The lines of some settings: several if they gave other weights on another machine."""
    if not rows:
        return [SuiteLine(settings, None, name)]
    return [
        SuiteLine(
            settings,
            replace(row, name=name, qualifier=row.qualifier if len(rows) > 1 else ""),
            name,
        )
        for row in rows
    ]
