"""The leaderboard as data: one board per dataset and track, with ranked rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.errors import InputError
from robustbert.leaderboard.best_known import BestKnown, best_known
from robustbert.leaderboard.claims import Claim, read_all_claims
from robustbert.leaderboard.ranking import RANKED_TRACK, Standing, incomplete, standings
from robustbert.metrics import MeanStd, Rank
from robustbert.records import (
    Outcome,
    PublishedCell,
    Record,
    published_path,
    read_published,
    record_name,
    run_of_published,
)
from robustbert.reports.results_table import leaderboard_table
from robustbert.reports.table_groups import Group
from robustbert.reports.table_rows import Outcomes, Proportion, Row
from robustbert.reports.wording import listed

#: The claims of each row, keyed by the path of its folder.
Claims = Mapping[PurePosixPath, Sequence[Claim]]


@dataclass(frozen=True)
class BoardRow:
    """A row of a board.

    Args:
        row: its numbers.
        folders: the names of the folders of its replicates; most rows have one.
        rank: its rank by worst-case accuracy; None if it does not rank.
        not_ranked: why it does not rank; empty if it does.
        best_known: accuracy under the best known attack; None if nothing filed breaks more than the
            core recipes. It does not change the rank, because other rows may not have been
            attacked that way.
        claims: what papers state for it; this does not change the rank either.
    """

    row: Row
    folders: tuple[str, ...]
    rank: Rank | None
    not_ranked: str
    best_known: BestKnown | None
    claims: tuple[Claim, ...]

    @property
    def records(self) -> tuple[Record, ...]:
        """The records of all replicates."""
        return tuple(record for one in self.row.replicates for record in one.records.values())

    @property
    def best_known_marks(self) -> str:
        """The marks of all recipes that the best known attack consists of."""
        recipes = self.best_known.recipes if self.best_known else ()
        marks = "".join(map(self.row.recipe_marks, (*CORE_RECIPES, *recipes)))
        return "".join(dict.fromkeys(marks)) if recipes else ""


@dataclass(frozen=True)
class Board:
    """The rows of one dataset, split and track.

    Args:
        group: the rows as tables show them, in the same order.
        rows: the ranked rows first, by rank and worst-case accuracy.
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

    def only(self, dataset: str | None = None, track: str | None = None) -> Leaderboard:
        """The boards of a dataset, or of a track, or of both.

        Raises:
            InputError: there is none.
        """
        boards = self.boards
        for kind, name in (("dataset", dataset), ("track", track)):
            names = dict.fromkeys(getattr(board.group, kind) for board in boards)
            if name is not None and name not in names:
                raise InputError(f"no results of the {kind} {name!r}; there are {listed([*names])}")
            boards = tuple(b for b in boards if name in (None, getattr(b.group, kind)))
        return Leaderboard(boards)


def read_leaderboard(results: Path) -> Leaderboard:
    """Read the leaderboard from published results.

    Args:
        results: the results folder, or the folder of one dataset in it.

    Raises:
        RecordError: it contains no results, or a file cannot be read; ``robustbert leaderboard
            check`` lists everything that is wrong.
    """
    return make_leaderboard(read_published(results), read_all_claims(results))


def make_leaderboard(cells: Sequence[PublishedCell], claims: Claims | None = None) -> Leaderboard:
    """Arrange published cells in boards, and rank the rows of each.

    Args:
        cells: at most one of each row and recipe.
        claims: keyed by the path of a row folder, relative to the results folder.
    """
    run = run_of_published(_with_one_model_per_folder(cells))
    table = leaderboard_table(sorted(run.records, key=_position), run.outcomes)
    return Leaderboard(tuple(_board(group, run.outcomes, claims or {}) for group in table.groups))


def _with_one_model_per_folder(cells: Sequence[PublishedCell]) -> list[PublishedCell]:
    """Cells in which all records of a folder say the same about the origin of their weights.

    A later submission attacks the same weights, but may have read them from another place and not
    know how they were trained. What the first core recipe says holds for all.
    """
    first: dict[PurePosixPath, Record] = {}
    for cell in sorted(cells, key=lambda cell: _position(cell.record)):
        first.setdefault(published_path(cell.record).parent, cell.record)
    return [
        replace(cell, record=_with_origin(cell.record, first[published_path(cell.record).parent]))
        for cell in cells
    ]


def _with_origin(record: Record, first: Record) -> Record:
    origin = {"model": first.model, "training_seed": first.training_seed}
    return record.model_copy(update=origin)


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


def _board(group: Group, outcomes: Outcomes, claims: Claims) -> Board:
    rows = [
        _board_row(row, standing, outcomes, claims)
        for row, standing in zip(group.rows, standings(group, outcomes), strict=True)
    ]
    rows.sort(key=_order)
    return Board(replace(group, rows=tuple(one.row for one in rows)), tuple(rows), outcomes)


def _board_row(row: Row, standing: Standing, outcomes: Outcomes, claims: Claims) -> BoardRow:
    paths = [published_path(next(iter(one.records.values()))).parent for one in row.replicates]
    return BoardRow(
        row=row,
        folders=tuple(path.name for path in paths),
        rank=standing.rank,
        not_ranked=standing.not_ranked,
        best_known=None if incomplete(row) else best_known(row, outcomes),
        claims=tuple(dict.fromkeys(claim for path in paths for claim in claims.get(path, ()))),
    )


def _order(one: BoardRow) -> tuple[bool, int, float, float, str]:
    """By rank, worst-case accuracy and clean accuracy; rows that do not rank come last."""
    row, rank = one.row, one.rank.rank if one.rank else 0
    return bool(one.not_ranked), rank, -_value(row.worst_case), -_value(row.clean), row.label


def _value(number: Proportion | None) -> float:
    """The proportion, or the mean of those of replicates; below all others if there is none."""
    if number is None:
        return -1.0
    value = number.mean if isinstance(number, MeanStd) else number.value
    return -1.0 if value is None else value
