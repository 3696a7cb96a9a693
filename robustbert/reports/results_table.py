"""The table of results as data, independent of its output format.

:func:`leaderboard_table` turns records into groups of rows. :mod:`robustbert.reports.render`
formats these for the terminal, :mod:`robustbert.reports.markdown_table` as Markdown,
:mod:`robustbert.reports.latex_table` as LaTeX, :mod:`robustbert.reports.table_html` as HTML, and
:mod:`robustbert.reports.spreadsheet` as CSV and as a data frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.console import terminal_width
from robustbert.errors import InputError
from robustbert.metrics import counts
from robustbert.records import Record, record_name
from robustbert.reports.conditions import (
    COMPARED_RECIPE_CONDITIONS,
    WORD_VECTORS,
    Condition,
    differences,
    most_common,
    row_differences,
    short_hash,
)
from robustbert.reports.grouping import Member, group_into_rows
from robustbert.reports.notes import group_notes
from robustbert.reports.render import render_text
from robustbert.reports.row_labels import row_name, row_qualifiers
from robustbert.reports.spreadsheet import to_frame
from robustbert.reports.table_groups import Group
from robustbert.reports.table_html import table_html
from robustbert.reports.table_rows import Outcomes, make_row, most_common_n, row_num_examples

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class Table:
    """Groups of rows, ordered by their first record.

    Its text is the table as the command line prints it; a notebook shows it as HTML.
    """

    groups: tuple[Group, ...]

    def __repr__(self) -> str:
        return render_text(self, terminal_width()).rstrip("\n")

    def _repr_html_(self) -> str:
        return table_html(self)

    def to_pandas(self) -> pd.DataFrame:
        """The numbers as a data frame, with the lines and columns of ``table.csv``."""
        return to_frame(self)


def leaderboard_table(
    records: Sequence[Record], outcomes_by_record: Outcomes | None = None
) -> Table:
    """Arrange records in one group per dataset, split and track, with one row per defended model.

    A row is one model (its weights and dtype) with one list of defenses and their parameters.
    Replicates (same setup, different training seed) share a row; see
    :func:`robustbert.reports.grouping.group_into_rows`.

    Args:
        records: in the desired order of the rows, which is also the order of non-core recipes.
        outcomes_by_record: outcomes keyed by :func:`robustbert.records.record_name`; without them,
            worst case and words changed are unavailable.

    Raises:
        InputError: two records belong to the same cell, or outcomes do not match their record.
    """
    outcomes_by_record = outcomes_by_record or {}
    _check_cells(records, outcomes_by_record)
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in records:
        key = (record.dataset.name, record.dataset.split, record.track)
        groups.setdefault(key, []).append(record)
    return Table(tuple(_group(group, outcomes_by_record) for group in groups.values()))


def _check_cells(records: Sequence[Record], outcomes: Outcomes) -> None:
    by_cell: dict[str, list[Record]] = {}
    for record in records:
        by_cell.setdefault(record_name(record), []).append(record)
    for name, of_cell in by_cell.items():
        if len(of_cell) > 1:
            weights = " and ".join(dict.fromkeys(short_hash(r.model.sha256) for r in of_cell))
            raise InputError(
                f"there are {len(of_cell)} records of the cell {name} (weights {weights}); pass "
                "one record per cell, and give different models different names"
            )
        if name in outcomes:
            [record] = of_cell
            if counts(outcomes[name], record.counts.truncated) != record.counts:
                raise InputError(f"{name}: the outcomes do not match the record; rerun the cell")


def _group(records: Sequence[Record], outcomes: Outcomes) -> Group:
    first = records[0]
    names = dict.fromkeys(record.recipe.name for record in records)
    core = tuple(recipe for recipe in CORE_RECIPES if recipe in names)
    row_members = group_into_rows(records)
    found = _differences(row_members, core, outcomes)
    vectors = _by_recipe(row_members, (WORD_VECTORS,))
    qualifiers = row_qualifiers(row_members)
    rows = tuple(
        make_row(
            members,
            core,
            outcomes,
            name=row_name(members),
            qualifier=qualifier,
            differences=differing,
            vector_differences=other_vectors,
        )
        for members, qualifier, differing, other_vectors in zip(
            row_members, qualifiers, found, vectors, strict=True
        )
    )
    return Group(
        dataset=first.dataset.name,
        split=first.dataset.split,
        track=first.track,
        n=most_common_n([row.n for row in rows]),
        core=core,
        others=tuple(name for name in names if name not in core),
        rows=rows,
        notes=group_notes(rows, core, tuple(names), outcomes),
    )


def _differences(
    rows: Sequence[tuple[Member, ...]], core: Sequence[str], outcomes: Outcomes
) -> list[list[str]]:
    """Describe how each row differs from the majority: data, examples, protocol or recipes."""
    found = row_differences([members[0].first for members in rows])
    sizes = [row_num_examples(members, core) for members in rows]
    common_size = most_common_n(sizes)
    for index, size in enumerate(sizes):
        if size != common_size:
            found[index].append(f"{size} examples instead of {common_size}")
    for of_row, by_recipe in zip(found, _by_recipe(rows, COMPARED_RECIPE_CONDITIONS), strict=True):
        of_row += by_recipe
    for index in _rows_on_different_examples(rows, outcomes):
        if not found[index]:
            found[index].append("different examples despite the same data and seed")
    return found


def _by_recipe(
    rows: Sequence[tuple[Member, ...]], conditions: Sequence[Condition]
) -> list[list[str]]:
    """Describe how the conditions of each recipe of a row differ from the majority."""
    found: list[list[str]] = [[] for _ in rows]
    for recipe in dict.fromkeys(name for row in rows for m in row for name in m.records):
        records = {i: record for i, row in enumerate(rows) if (record := _record(row, recipe))}
        compared = list(records.values())
        by_record = differences(compared, conditions, compared)
        for index, differing in zip(records, by_record, strict=True):
            found[index] += [f"{recipe}: {difference}" for difference in differing]
    return found


def _record(members: Sequence[Member], recipe: str) -> Record | None:
    """The first record of the row for this recipe; replicates share their conditions."""
    return next((m.records[recipe] for m in members if recipe in m.records), None)


def _rows_on_different_examples(
    rows: Sequence[tuple[Member, ...]], outcomes: Outcomes
) -> list[int]:
    """Indices of rows with a record on other examples than most records of the same size."""
    row_ids = [
        (index, frozenset(outcome.example_id for outcome in outcomes[name]))
        for index, members in enumerate(rows)
        for member in members
        for record in member.records.values()
        if (name := record_name(record)) in outcomes
    ]
    sizes = {len(ids) for _, ids in row_ids}
    majority = {n: most_common(ids for _, ids in row_ids if len(ids) == n) for n in sizes}
    return list(dict.fromkeys(index for index, ids in row_ids if ids != majority[len(ids)]))
