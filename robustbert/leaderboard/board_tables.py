"""The leaderboard as tables that people read: ranks, best known and claimed figures in columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from robustbert.leaderboard.board_lines import leaderboard_csv
from robustbert.leaderboard.boards import Board, BoardRow, Leaderboard
from robustbert.leaderboard.claims import Claim
from robustbert.leaderboard.ranking import RESAMPLES
from robustbert.reports.cell import Cell, Column, ExtraColumns
from robustbert.reports.latex_table import render_latex
from robustbert.reports.markdown_table import render_markdown
from robustbert.reports.results_table import Table
from robustbert.reports.table_cells import accuracy_cell
from robustbert.reports.table_groups import Group
from robustbert.reports.wording import counted, listed

#: Explains the column of ranks.
RANK_NOTE = (
    "Rank: one more than the number of rows that are better by worst-case accuracy. Its interval "
    f"is the rank in 95% of {RESAMPLES:,} bootstrap resamples of the examples. A row is better "
    "only if its whole interval is, so overlapping rows share a rank, which can be better than a "
    "row's own interval."
)


def ranked_table(leaderboard: Leaderboard) -> Table:
    """The boards as a table with the columns of a leaderboard."""
    return Table(tuple(map(board_group, leaderboard.boards)))


def board_group(board: Board) -> Group:
    """The group of a board with rank, best known and claimed figures, and notes on them."""
    claims = _numbered_claims(board)
    first = [Column("rank", tuple(map(_rank_cell, board.rows)))] if board.is_ranked else []
    more = []
    if any(one.best_known for one in board.rows):
        cells = tuple(_best_known_cell(board.group, one) for one in board.rows)
        more.append(Column("best known", cells))
    if claims:
        more.append(Column("claimed", tuple(_claim_cell(one, claims) for one in board.rows)))
    return replace(
        board.group,
        extra=ExtraColumns(tuple(first), tuple(more)),
        notes=(*_notes(board, claims), *board.group.notes),
    )


def _rank_cell(one: BoardRow) -> Cell:
    if one.rank is None:
        return Cell("–")
    return Cell(str(one.rank.rank), interval=(str(one.rank.low), str(one.rank.high)))


def _best_known_cell(group: Group, one: BoardRow) -> Cell:
    if one.best_known is None:
        return Cell("")
    return accuracy_cell(group, one.best_known.accuracy, one.best_known.n, one.best_known_marks)


def _claim_cell(one: BoardRow, claims: Sequence[Claim]) -> Cell:
    """The figures and the numbers of their notes; no text of a claim is in a cell."""
    if not one.claims:
        return Cell("")
    values = ", ".join(f"{100 * claim.value:.1f}" for claim in one.claims)
    numbers = [str(claims.index(claim) + 1) for claim in one.claims]
    return Cell(values, remarks=(f"claim{'s' * (len(numbers) > 1)} {', '.join(numbers)}",))


def _numbered_claims(board: Board) -> tuple[Claim, ...]:
    return tuple(dict.fromkeys(claim for one in board.rows for claim in one.claims))


def _notes(board: Board, claims: Sequence[Claim]) -> Iterator[str]:
    if any(one.rank for one in board.rows):
        yield RANK_NOTE
    if board.is_ranked:
        for one in board.rows:
            if one.not_ranked:
                yield f"{one.row.label} does not rank: {one.not_ranked}."
    yield from _best_known_notes(board)
    if claims:
        yield (
            "Claimed: what papers state. Their examples, limits and queries may differ from those "
            "of this table, so claimed figures never rank."
        )
    for number, claim in enumerate(claims, start=1):
        yield f"Claim {number}: {claim.about} according to {claim.source}."


def _best_known_notes(board: Board) -> Iterator[str]:
    found = [(one.row.label, one.best_known) for one in board.rows if one.best_known]
    if not found:
        return
    broken = [
        f"{label}: {counted(best.newly_broken, 'more example')} by {listed(best.recipes)}"
        for label, best in found
    ]
    yield (
        "Best known: the share of examples that survive the core recipes and every other attack "
        "of the row. It does not rank, because not all rows were attacked alike. "
        f"{'; '.join(broken)}."
    )


def _markdown(leaderboard: Leaderboard) -> str:
    return render_markdown(ranked_table(leaderboard), details=False)


def _latex(leaderboard: Leaderboard) -> str:
    return render_latex(ranked_table(leaderboard), details=False)


#: The functions that format a leaderboard, keyed by the name of the format.
FORMATS: Mapping[str, Callable[[Leaderboard], str]] = MappingProxyType(
    {"markdown": _markdown, "latex": _latex, "csv": leaderboard_csv}
)
