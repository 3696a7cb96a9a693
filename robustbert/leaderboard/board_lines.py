"""The leaderboard as long CSV: the lines of its tables, ranks, best known and claimed figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.leaderboard.best_known import BestKnown
from robustbert.leaderboard.boards import Board, BoardRow, Leaderboard
from robustbert.leaderboard.claims import Claim
from robustbert.metrics import MeanStd, Rank
from robustbert.reports.long_lines import Line, Number, lines_of, table_lines
from robustbert.reports.results_table import Table
from robustbert.reports.spreadsheet import lines_to_csv

#: The metrics of claimed figures, keyed by what the claim measures.
CLAIMED_METRICS = MappingProxyType(
    {
        "clean_accuracy": "claimed_clean_accuracy",
        "accuracy_under_attack": "claimed_accuracy_under_attack",
        "worst_case": "claimed_worst_case_accuracy",
    }
)


@dataclass(frozen=True)
class BoardLine(Line):
    """A line of a leaderboard: those of a table, with the source of claimed figures.

    Args:
        source: the paper, its year, its link and the note of a claim; empty for what was measured.
    """

    source: str = ""


#: The columns of the CSV: those of ``table.csv``, then ``source``.
BOARD_COLUMNS = tuple(field.name for field in fields(BoardLine))


def leaderboard_csv(leaderboard: Leaderboard) -> str:
    """Format a leaderboard as long CSV, with the columns :data:`BOARD_COLUMNS`.

    After the lines of a board, which are those of ``table.csv``, follow ``rank``,
    ``best_known_accuracy`` and claimed figures of each row.
    """
    lines = (line for board in leaderboard.boards for line in _board_lines(board))
    return lines_to_csv(BOARD_COLUMNS, lines)


def _board_lines(board: Board) -> Iterator[BoardLine]:
    for line in table_lines(Table((board.group,))):
        yield BoardLine(**vars(line))
    for one in board.rows:
        yield from _row_lines(board, one)


def _row_lines(board: Board, one: BoardRow) -> Iterator[BoardLine]:
    if board.is_ranked:
        yield from _lines(one, CORE_RECIPES, _rank(one.rank, one.row.n))
    if one.best_known:
        recipes = (*CORE_RECIPES, *one.best_known.recipes)
        yield from _lines(one, recipes, _best_known(one.best_known))
    for claim in one.claims:
        yield _claim_line(one, claim)


def _lines(one: BoardRow, recipes: Sequence[str], number: Number) -> Iterator[BoardLine]:
    """A line about these recipes; about all recipes of the row if none of them was run."""
    records = [record for record in one.records if record.recipe.name in recipes] or one.records
    for line in lines_of(one.row, one.row.replicates, records, [number], " ".join(recipes)):
        yield BoardLine(**vars(line))


def _rank(rank: Rank | None, n: int) -> Number:
    if rank is None:
        return Number("rank", None, None, None, None, "rank")
    return Number("rank", rank.rank, rank.low, rank.high, n, "rank")


def _best_known(found: BestKnown) -> Number:
    accuracy, name = found.accuracy, "best_known_accuracy"
    if isinstance(accuracy, MeanStd):
        return Number(name, accuracy.mean, None, None, found.n, "proportion")
    return Number(name, accuracy.value, accuracy.low, accuracy.high, found.n, "proportion")


def _claim_line(one: BoardRow, claim: Claim) -> BoardLine:
    """The line of a claim; columns on how records were made are empty, because it has no record."""
    number = Number(CLAIMED_METRICS[claim.measure], claim.value, None, None, None, "proportion")
    recipes = (claim.recipe,) if claim.recipe else CORE_RECIPES
    [line] = lines_of(one.row, one.row.replicates, one.records, [number], " ".join(recipes))
    return replace(
        BoardLine(**vars(line)),
        failed_checks="",
        batch_invariance=None,
        differences="",
        dataset_sha256="",
        assets_profile="",
        protocol_revision=None,
        protocol_seed=None,
        limits="",
        textattack_version="",
        robustbert_version="",
        created_at=None,
        source=claim.source,
    )
