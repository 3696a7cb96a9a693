"""The leaderboard as data: one board per dataset and track, with ranked rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.metrics import MeanStd, Rank, bootstrap_ranks, survived
from robustbert.records import (
    Outcome,
    PublishedCell,
    Record,
    read_published,
    record_name,
    row_folder,
    run_of_published,
)
from robustbert.reports.leaderboard import Table, leaderboard_table
from robustbert.reports.table_groups import Group
from robustbert.reports.table_rows import Outcomes, Row

#: The track on which rows rank: all recipes have the same limits there.
RANKED_TRACK = "unified"
_SEED = 0


@dataclass(frozen=True)
class BoardRow:
    """A row of a board.

    Args:
        row: its numbers.
        folders: the names of the folders of its replicates; most rows have one.
        rank: its rank by worst-case accuracy; None if it does not rank.
        not_ranked: why it does not rank; empty if it does.
    """

    row: Row
    folders: tuple[str, ...]
    rank: Rank | None
    not_ranked: str

    @property
    def records(self) -> tuple[Record, ...]:
        """The records of all replicates."""
        return tuple(record for one in self.row.replicates for record in one.records.values())


@dataclass(frozen=True)
class Board:
    """The rows of one dataset, split and track.

    Args:
        group: the rows as tables show them, in the same order.
        rows: the ranked rows first, by worst-case accuracy.
        outcomes: the outcomes of all cells, keyed by :func:`robustbert.records.record_name`.
    """

    group: Group
    rows: tuple[BoardRow, ...]
    outcomes: Outcomes

    @property
    def is_ranked(self) -> bool:
        """Whether rows rank on its track."""
        return self.group.track == RANKED_TRACK

    def cell_outcomes(self, record: Record) -> Sequence[Outcome]:
        """The outcomes of a record of one of its rows."""
        return self.outcomes[record_name(record)]


@dataclass(frozen=True)
class Leaderboard:
    """All published results.

    Args:
        boards: those of a dataset are together, the ranked track first.
    """

    boards: tuple[Board, ...]

    @property
    def table(self) -> Table:
        """The boards as a table, to be formatted by :mod:`robustbert.reports`."""
        return Table(tuple(board.group for board in self.boards))


def read_leaderboard(results: Path) -> Leaderboard:
    """Read the leaderboard from published results.

    Args:
        results: the results folder, or the folder of one dataset in it.

    Raises:
        RecordError: it contains no results, or a file cannot be read; ``robustbert leaderboard
            check`` lists everything that is wrong.
    """
    return make_leaderboard(read_published(results))


def make_leaderboard(cells: Sequence[PublishedCell]) -> Leaderboard:
    """Arrange published cells in boards, and rank the rows of each."""
    run = run_of_published(cells)
    table = leaderboard_table(sorted(run.records, key=_position), run.outcomes)
    return Leaderboard(tuple(_board(group, run.outcomes) for group in table.groups))


def _position(record: Record) -> tuple[str, bool, str, str, int, str]:
    """Sorts recipes as well, core recipes first, because columns follow the records."""
    recipe = record.recipe.name
    core = CORE_RECIPES.index(recipe) if recipe in CORE_RECIPES else len(CORE_RECIPES)
    return (
        record.dataset.name,
        record.track != RANKED_TRACK,
        record.track,
        record.dataset.split,
        core,
        recipe,
    )


def _board(group: Group, outcomes: Outcomes) -> Board:
    scores = {row.label: _scores(row, outcomes) for row in group.rows}
    reasons = _reasons(group, scores)
    ranked = [row for row in group.rows if not reasons[row.label]]
    examples = sorted(scores[ranked[0].label]) if ranked else []
    values = [[scores[row.label][example] for example in examples] for row in ranked]
    labels = [row.label for row in ranked]
    ranks = dict(zip(labels, bootstrap_ranks(values, _SEED), strict=True)) if ranked else {}
    rows = sorted(
        (
            BoardRow(
                row=row,
                folders=tuple(
                    row_folder(next(iter(one.records.values()))) for one in row.replicates
                ),
                rank=ranks.get(row.label),
                not_ranked=reasons[row.label],
            )
            for row in group.rows
        ),
        key=_order,
    )
    return Board(replace(group, rows=tuple(one.row for one in rows)), tuple(rows), outcomes)


def _order(one: BoardRow) -> tuple[bool, float, float, str]:
    """By worst-case accuracy, then by clean accuracy; rows that do not rank come last."""
    row = one.row
    return bool(one.not_ranked), -_value(row.worst_case), -_value(row.clean), row.label


def _value(number: object) -> float:
    value = number.mean if isinstance(number, MeanStd) else getattr(number, "value", None)
    return -1.0 if value is None else float(value)


def _reasons(group: Group, scores: Mapping[str, Mapping[str, float]]) -> dict[str, str]:
    """Why rows do not rank, keyed by label; empty for those that do."""
    if group.track != RANKED_TRACK:
        reason = f"rows rank on the {RANKED_TRACK} track only"
        return {row.label: reason for row in group.rows}
    sets = Counter(frozenset(of_row) for of_row in scores.values() if of_row)
    common = max(sets, key=lambda ids: (sets[ids], len(ids)), default=frozenset())
    return {row.label: _reason(row, frozenset(scores[row.label]), common) for row in group.rows}


def _reason(row: Row, examples: frozenset[str], common: frozenset[str]) -> str:
    for one in row.replicates:
        missing = [recipe for recipe in CORE_RECIPES if recipe not in one.records]
        if missing:
            return f"not attacked by {', '.join(missing)}"
        if one.no_worst_case:
            return one.no_worst_case
    if examples == common:
        return ""
    return f"attacked on other examples ({len(examples)} instead of {len(common)})"


def _scores(row: Row, outcomes: Outcomes) -> dict[str, float]:
    """The share of replicates for which an example survives all core recipes, keyed by its id.

    Empty if a replicate lacks a core recipe, or ran on other examples than another one.
    """
    survivors: list[dict[str, bool]] = []
    for one in row.replicates:
        if one.worst_case is None or any(recipe not in one.records for recipe in CORE_RECIPES):
            return {}
        runs = [outcomes[record_name(one.records[recipe])] for recipe in CORE_RECIPES]
        survives = {outcome.example_id: True for outcome in runs[0]}
        for outcome in (outcome for run in runs for outcome in run):
            survives[outcome.example_id] &= survived(outcome)
        survivors.append(survives)
    if any(one.keys() != survivors[0].keys() for one in survivors):
        return {}
    return {
        example: sum(one[example] for one in survivors) / len(survivors) for example in survivors[0]
    }
