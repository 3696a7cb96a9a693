"""What stands in the table, before anything is drawn.

:func:`leaderboard_table` turns records into groups of rows; :mod:`robustbert.reports.render` writes
them for a terminal and as Markdown, :mod:`robustbert.reports.spreadsheet` as CSV. Numbers stay
numbers until then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.errors import InputError
from robustbert.metrics import counts
from robustbert.records import Record, record_name
from robustbert.reports.conditions import (
    recipe_differences,
    row_differences,
    short_hash,
    usual,
)
from robustbert.reports.grouping import Member, rows_of
from robustbert.reports.notes import caption, group_notes
from robustbert.reports.row_labels import plain_label, told_apart
from robustbert.reports.rows import Outcomes, Row, examples_of_row, make_row, usual_n


@dataclass(frozen=True)
class Group:
    """The rows of one dataset, split and track.

    Args:
        dataset: its name.
        split: which part of it.
        track: the threat model.
        n: the number of examples that most rows ran on.
        core: the core recipes that some row ran: the first columns, and what worst case, queries
            and words changed are over.
        others: the other recipes: the last columns.
        rows: in the order their first record came.
        notes: what a reader has to know to read the numbers rightly, a sentence or two each.
    """

    dataset: str
    split: str
    track: str
    n: int
    core: tuple[str, ...]
    others: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def caption(self) -> str:
        """What worst case, queries and words changed are over."""
        return caption(self.core)

    @property
    def recipes(self) -> tuple[str, ...]:
        """All recipes, the core ones first."""
        return self.core + self.others


@dataclass(frozen=True)
class Table:
    """Groups of rows, in the order their first record came."""

    groups: tuple[Group, ...]


def leaderboard_table(
    records: Sequence[Record], outcomes_by_record: Outcomes | None = None
) -> Table:
    """Lay out records: one group per dataset, split and track, one row per model and defenses.

    A row is one model (its weights and dtype) under one list of defenses with their parameters;
    replicates, which differ in their training seed alone, share one. See
    :func:`robustbert.reports.grouping.rows_of`.

    Args:
        records: in the order that rows shall have; recipes outside the core keep it as well.
        outcomes_by_record: the outcomes of each record by :func:`robustbert.records.record_name`;
            without them the worst case and the words changed are not known.

    Raises:
        InputError: two records of one cell, or outcomes that are not those of their record.
    """
    outcomes_by_record = outcomes_by_record or {}
    _check(records, outcomes_by_record)
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in records:
        key = (record.dataset.name, record.dataset.split, record.track)
        groups.setdefault(key, []).append(record)
    return Table(tuple(_group(group, outcomes_by_record) for group in groups.values()))


def _check(records: Sequence[Record], outcomes: Outcomes) -> None:
    named: dict[str, list[Record]] = {}
    for record in records:
        named.setdefault(record_name(record), []).append(record)
    for name, same in named.items():
        if len(same) > 1:
            weights = " and ".join(dict.fromkeys(short_hash(r.model.sha256) for r in same))
            raise InputError(
                f"{len(same)} records of the cell {name} (weights {weights}); give one record per "
                "cell, and another name to another model"
            )
        if name in outcomes:
            [record] = same
            if counts(outcomes[name], record.counts.truncated) != record.counts:
                raise InputError(f"{name}: the outcomes are not its own; run the cell again")


def _group(records: Sequence[Record], outcomes: Outcomes) -> Group:
    first = records[0]
    names = dict.fromkeys(record.recipe.name for record in records)
    core = tuple(recipe for recipe in CORE_RECIPES if recipe in names)
    by_row = rows_of(records)
    differences = _differences(by_row, core, outcomes)
    rows = tuple(
        make_row(
            members,
            core,
            outcomes,
            name=plain_label(members),
            apart=apart,
            differences=differing,
        )
        for members, apart, differing in zip(by_row, told_apart(by_row), differences, strict=True)
    )
    return Group(
        dataset=first.dataset.name,
        split=first.dataset.split,
        track=first.track,
        n=usual_n([row.n for row in rows]),
        core=core,
        others=tuple(name for name in names if name not in core),
        rows=rows,
        notes=group_notes(rows, core, tuple(names), outcomes),
    )


def _differences(
    rows: Sequence[tuple[Member, ...]], core: Sequence[str], outcomes: Outcomes
) -> list[list[str]]:
    """How each row differs from most rows: in data, examples, protocol, or under a recipe."""
    found = row_differences([members[0].first for members in rows])
    sizes = [examples_of_row(members, core) for members in rows]
    size = usual_n(sizes)
    for place, n in enumerate(sizes):
        if n != size:
            found[place].append(f"{n} examples instead of {size}")
    for recipe in dict.fromkeys(name for row in rows for m in row for name in m.records):
        ran = {place: record for place, row in enumerate(rows) if (record := _under(row, recipe))}
        for place, differing in zip(ran, recipe_differences(list(ran.values())), strict=True):
            found[place] += [f"{recipe}: {difference}" for difference in differing]
    for place in _with_other_examples(rows, outcomes):
        if not found[place]:
            found[place].append("other examples, although data and seed are the same")
    return found


def _under(members: Sequence[Member], recipe: str) -> Record | None:
    """A record of the row under that recipe: in their conditions, replicates are the same."""
    return next((m.records[recipe] for m in members if recipe in m.records), None)


def _with_other_examples(rows: Sequence[tuple[Member, ...]], outcomes: Outcomes) -> list[int]:
    """The places of rows with a record whose ids are not those of most records of its size."""
    ids = [
        (place, frozenset(outcome.example_id for outcome in outcomes[name]))
        for place, members in enumerate(rows)
        for member in members
        for record in member.records.values()
        if (name := record_name(record)) in outcomes
    ]
    most = {n: usual(one for _, one in ids if len(one) == n) for n in {len(i) for _, i in ids}}
    return list(dict.fromkeys(place for place, one in ids if one != most[len(one)]))
