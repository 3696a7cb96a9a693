"""Build records and tables with the few values that a test needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from robustbert.records import DefenseRef, Outcome, Record, record_name
from robustbert.reports import Group, Table, leaderboard_table
from tests.records.builders import make_outcomes, make_record

CORE = ("deepwordbug", "pwws", "textbugger", "textfooler")
RUN = make_outcomes(skipped=2, robust=4, broken=4)

Cell = tuple[tuple[Outcome, ...], dict[str, Any]]


def changed(record: Record, **parts: Mapping[str, Any]) -> Record:
    """A record with nested fields replaced: ``changed(r, model={"dtype": "float64"})``."""
    update = {name: getattr(record, name).model_copy(update=p) for name, p in parts.items()}
    return record.model_copy(update=update)


def defense(name: str = "adv", revision: int = 1, **params: Any) -> DefenseRef:
    return DefenseRef(name=name, params=params, revision=revision)


def table_of(*cells: Cell) -> Table:
    """Build a table from pairs of outcomes and the arguments of their record."""
    records = [make_record(outcomes, **names) for outcomes, names in cells]
    outcomes = {record_name(record): cell[0] for record, cell in zip(records, cells, strict=True)}
    return leaderboard_table(records, outcomes)


def group_of(records: Sequence[Record], run: tuple[Outcome, ...] = RUN) -> Group:
    """Build the single group of records that all have the same outcomes."""
    [group] = leaderboard_table(records, {record_name(record): run for record in records}).groups
    return group
