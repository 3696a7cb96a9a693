"""The page with the table of all rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.leaderboard.boards import Board, BoardRow, Leaderboard
from robustbert.leaderboard.ranking import RANKED_TRACK
from robustbert.leaderboard.site.index_columns import (
    IndexCell,
    IndexColumn,
    defenses,
    first_record,
    index_columns,
    row_marks,
)
from robustbert.leaderboard.site.site_models import family
from robustbert.reports.marks import (
    DIFFERENT_CONDITIONS,
    NOT_VERIFIED,
    NOT_VERIFIED_NOTE,
    RANDOMISED,
    mark_of,
)
from robustbert.reports.wording import counted

# The upper end of each class of sizes, in parameters, and its name.
_SIZES = (
    (1_000_000, "below 1 M"),
    (10_000_000, "1 M to 10 M"),
    (50_000_000, "10 M to 50 M"),
    (200_000_000, "50 M to 200 M"),
    (float("inf"), "200 M and more"),
)
_UNKNOWN_SIZE = "unknown"
_ROW_MARKS = {
    NOT_VERIFIED: f"{NOT_VERIFIED_NOTE}.",
    DIFFERENT_CONDITIONS: (
        "The row differs from most rows of its table in something that affects the numbers. A note "
        "of the table says in what, and whether it can be compared with them."
    ),
    RANDOMISED: "The predictions depend on random numbers, which are derived from the text.",
}


@dataclass(frozen=True)
class IndexRow:
    """A row of the table.

    Args:
        folder: the folder of its first replicate, which has the linked page.
        cells: one per column.
        family: see :func:`robustbert.leaderboard.site.site_models.family`.
        size: its class of sizes.
        defense: its defenses.
        marks: the symbols of its marks.
        not_ranked: why it does not rank although rows of the board do; may be empty.
        num_replicates: the number of its replicates.
    """

    folder: str
    cells: tuple[IndexCell, ...]
    family: str
    size: str
    defense: str
    marks: str
    not_ranked: str
    num_replicates: int


@dataclass(frozen=True)
class IndexBoard:
    """The rows of one dataset, split and track.

    Args:
        dataset: name of the dataset.
        track: the track.
        about: its split, its number of examples, and whether its rows rank.
        rows: in the order of the board.
        notes: caveats, one fact each.
    """

    dataset: str
    track: str
    about: str
    rows: tuple[IndexRow, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class IndexFilter:
    """A choice of rows.

    Args:
        key: its name in links, and the attribute of rows that it compares.
        label: what it is called.
        options: the values to choose from.
    """

    key: str
    label: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class MarkNote:
    """The explanation of a mark.

    Args:
        symbol: the mark.
        text: what it means.
    """

    symbol: str
    text: str


@dataclass(frozen=True)
class IndexPage:
    """Everything that the page shows.

    Args:
        columns: the columns of the table.
        boards: at least one.
        filters: the choices of rows.
        marks: the explanations of all marks of the table.
    """

    columns: tuple[IndexColumn, ...]
    boards: tuple[IndexBoard, ...]
    filters: tuple[IndexFilter, ...]
    marks: tuple[MarkNote, ...]


def index_page(leaderboard: Leaderboard) -> IndexPage:
    """What the page with the table of all rows shows."""
    columns = index_columns(leaderboard.boards)
    boards = tuple(_board(board, columns) for board in leaderboard.boards)
    return IndexPage(
        columns=columns,
        boards=boards,
        filters=_filters(boards),
        marks=_mark_notes([row for board in leaderboard.boards for row in board.rows]),
    )


def size_class(parameters: int | None) -> str:
    """The class of sizes that a number of parameters belongs to.

    >>> size_class(22_715_141), size_class(None)
    ('10 M to 50 M', 'unknown')
    """
    if parameters is None:
        return _UNKNOWN_SIZE
    return next(name for end, name in _SIZES if parameters < end)


def _board(board: Board, columns: Sequence[IndexColumn]) -> IndexBoard:
    group = board.group
    rows = tuple(_row(board, row, columns) for row in board.rows)
    not_ranked = f"not ranked: only the {RANKED_TRACK} track is"
    ranked = "ranked by the worst case" if board.is_ranked else not_ranked
    return IndexBoard(
        dataset=group.dataset,
        track=group.track,
        about=f"{group.split} split, {counted(group.n, 'example')}, {ranked}",
        rows=rows,
        notes=group.notes,
    )


def _row(board: Board, row: BoardRow, columns: Sequence[IndexColumn]) -> IndexRow:
    return IndexRow(
        folder=row.folders[0],
        cells=tuple(column.cell(board, row) for column in columns),
        family=family(first_record(row).model),
        size=size_class(first_record(row).model.num_parameters),
        defense=defenses(row),
        marks="".join(row_marks(row)),
        not_ranked=row.not_ranked if board.is_ranked else "",
        num_replicates=len(row.folders),
    )


def _filters(boards: Sequence[IndexBoard]) -> tuple[IndexFilter, ...]:
    rows = [row for board in boards for row in board.rows]
    sizes = {row.size for row in rows}
    marks = dict.fromkeys("".join(row.marks for row in rows))
    return (
        IndexFilter("dataset", "Dataset", tuple(dict.fromkeys(board.dataset for board in boards))),
        IndexFilter("track", "Track", tuple(dict.fromkeys(board.track for board in boards))),
        IndexFilter("family", "Model family", tuple(sorted({row.family for row in rows}))),
        IndexFilter(
            "size",
            "Size (parameters)",
            tuple(name for name in (*(name for _, name in _SIZES), _UNKNOWN_SIZE) if name in sizes),
        ),
        IndexFilter("defense", "Defense", tuple(sorted({row.defense for row in rows}))),
        IndexFilter("marks", "Marks", ("no mark", *marks)),
    )


def _mark_notes(rows: Sequence[BoardRow]) -> tuple[MarkNote, ...]:
    found: dict[str, list[str]] = {}
    for row in rows:
        for replicate in row.row.replicates:
            for check in (check for checks in replicate.failed.values() for check in checks):
                mark = mark_of(check)
                found.setdefault(mark.symbol, []).append(f"{mark.note(check.threshold)}.")
    of_rows = "".join(row.row.marks for row in rows)
    found |= {symbol: [text] for symbol, text in _ROW_MARKS.items() if symbol in of_rows}
    notes = {symbol: " ".join(dict.fromkeys(texts)) for symbol, texts in found.items()}
    return tuple(MarkNote(symbol, text) for symbol, text in notes.items())
