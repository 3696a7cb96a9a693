"""The columns of the table of all rows, and what each shows of a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from robustbert.leaderboard.boards import Board, BoardRow
from robustbert.leaderboard.site.site_models import family
from robustbert.metrics import MeanStd
from robustbert.records import Record, defense_names
from robustbert.reports.cell import Cell
from robustbert.reports.table_cells import mean_cell, percent_cell
from robustbert.reports.table_rows import Mean, Proportion
from robustbert.reports.wording import MISSING


@dataclass(frozen=True)
class IndexCell:
    """A cell of the table.

    Args:
        text: what it shows.
        detail: the interval or the deviation, shown smaller; may be empty.
        marks: the symbols of the marks of its number.
        value: the number by which it sorts, at full precision; None if it has none.
        low: the lower end of the interval; None if there is none.
        high: the upper end of the interval.
    """

    text: str
    detail: str = ""
    marks: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class IndexColumn:
    """A column of the table.

    Args:
        key: its name in links.
        heading: its name in the table.
        about: what it is, in one sentence.
        cell: what it shows of a row.
        is_number: whether it sorts by number.
        has_interval: whether its numbers have intervals.
        is_shown: whether it is shown unless the reader chooses.
    """

    key: str
    heading: str
    about: str
    cell: Callable[[Board, BoardRow], IndexCell]
    is_number: bool = True
    has_interval: bool = False
    is_shown: bool = True


def index_columns(boards: Sequence[Board]) -> tuple[IndexColumn, ...]:
    """The columns for all boards; the core recipes come first."""
    core = dict.fromkeys(recipe for board in boards for recipe in board.group.core)
    others = dict.fromkeys(recipe for board in boards for recipe in board.group.others)
    rows = [row for board in boards for row in board.rows]
    return (
        *_ABOUT_MODELS,
        *_ACCURACIES,
        *([_BEST_KNOWN] if any(row.best_known for row in rows) else []),
        *([_CLAIMED] if any(row.claims for row in rows) else []),
        *(_recipe(name, is_shown=True) for name in core),
        *(_recipe(name, is_shown=False) for name in others if name not in core),
        *_COSTS,
    )


def first_record(row: BoardRow) -> Record:
    """The first record of a row; model and defenses are those of all records."""
    return row.records[0]


def defenses(row: BoardRow) -> str:
    """The names of the defenses, and whether attacks know them; "none" if there are none."""
    record = first_record(row)
    names = defense_names(record.defenses) or "none"
    return f"{names} (adaptive)" if record.protocol.adaptive else names


def _proportion(number: Proportion | None, marks: str = "") -> IndexCell:
    cell = percent_cell(number, marks=marks)
    if number is None or isinstance(number, MeanStd):
        return _index_cell(cell, number)
    return replace(_index_cell(cell, number.value), low=number.low, high=number.high)


def _mean(mean: Mean | None, scale: int, unit: str) -> IndexCell:
    return _index_cell(mean_cell(mean, scale, unit=unit), mean)


def _index_cell(cell: Cell, number: Mean | None) -> IndexCell:
    """A cell of other tables without its remarks: the table says elsewhere how many seeds."""
    value = number.mean if isinstance(number, MeanStd) else number
    detail = cell.deviation or "–".join(cell.interval or ())
    return IndexCell(cell.value, detail, cell.marks, value)


def _rank(_: Board, row: BoardRow) -> IndexCell:
    rank = row.rank
    if rank is None:
        return IndexCell("–")
    interval = str(rank.low) if rank.low == rank.high else f"{rank.low}–{rank.high}"
    return IndexCell(str(rank.rank), interval, "", rank.rank, rank.low, rank.high)


def _parameters(_: Board, row: BoardRow) -> IndexCell:
    number = first_record(row).model.num_parameters
    return IndexCell("unknown") if number is None else IndexCell(short_number(number), value=number)


def short_number(number: int) -> str:
    """A large number with three digits, such as 22.7 M.

    >>> short_number(22_715_141), short_number(999_999), short_number(512)
    ('22.7 M', '1.0 M', '512')
    """
    for size, unit in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if round(number / size, 4) >= 1:  # not 1000.0 of the next unit
            return f"{number / size:.1f} {unit}"
    return str(number)


def _worst_case(board: Board, row: BoardRow) -> IndexCell:
    return _proportion(row.row.worst_case, row.row.worst_case_marks(board.group.core))


def _best_known(_: Board, row: BoardRow) -> IndexCell:
    found = row.best_known
    return _proportion(found.accuracy, row.best_known_marks) if found else IndexCell("")


def _claimed(_: Board, row: BoardRow) -> IndexCell:
    if not row.claims:
        return IndexCell("")
    first, *others = row.claims
    what = first.recipe or first.measure.removesuffix("_accuracy").replace("_", " ")
    more = f" and {len(others)} more" if others else ""
    return IndexCell(f"{100 * first.value:.1f}", what + more, value=first.value)


def _recipe(name: str, *, is_shown: bool) -> IndexColumn:
    def cell(board: Board, row: BoardRow) -> IndexCell:
        if name not in board.group.recipes:
            return IndexCell(MISSING)
        found = _proportion(row.row.accuracy_under(name), row.row.recipe_marks(name))
        n = row.row.num_examples(name)
        if n in (None, board.group.n):
            return found
        return replace(found, detail=", ".join(filter(None, (found.detail, f"n={n}"))))

    return IndexColumn(
        f"under {name}",
        name,
        f"Accuracy under the attack {name}.",
        cell,
        has_interval=True,
        is_shown=is_shown,
    )


def row_marks(row: BoardRow) -> Iterator[str]:
    """The symbols of all marks of a row, each once."""
    recipes = dict.fromkeys(record.recipe.name for record in row.records)
    yield from dict.fromkeys(row.row.marks + "".join(map(row.row.recipe_marks, recipes)))


_ABOUT_MODELS = (
    IndexColumn(
        "rank",
        "Rank",
        "Rank by worst-case accuracy on the unified track, with its 95% interval below.",
        _rank,
        has_interval=True,
    ),
    IndexColumn(
        "model",
        "Model",
        "The attacked model; the link leads to its page.",
        lambda _, row: IndexCell(first_record(row).model.name, row.row.qualifier),
        is_number=False,
    ),
    IndexColumn(
        "defense",
        "Defense",
        "The defenses that were applied to the model; adaptive if the attack knew them.",
        lambda _, row: IndexCell(defenses(row)),
        is_number=False,
    ),
    IndexColumn(
        "family",
        "Family",
        "MiniLM, classical (scikit-learn) or other, as far as the record tells.",
        lambda _, row: IndexCell(family(first_record(row).model)),
        is_number=False,
        is_shown=False,
    ),
    IndexColumn("size", "Size", "The number of parameters of the model.", _parameters),
)
_ACCURACIES = (
    IndexColumn(
        "clean",
        "Clean",
        "Accuracy without an attack, in %, with its 95% interval.",
        lambda _, row: _proportion(row.row.clean),
        has_interval=True,
    ),
    IndexColumn(
        "worst case",
        "Worst case",
        "Share of examples that survive every core recipe, in %.",
        _worst_case,
        has_interval=True,
    ),
)
_BEST_KNOWN = IndexColumn(
    "best known",
    "Best known",
    "Share of examples that survive the core recipes and every other attack that was run, in %. "
    "It is empty if none of these breaks more; it does not change the rank.",
    _best_known,
    has_interval=True,
)
_CLAIMED = IndexColumn(
    "claimed",
    "Claimed",
    "What a paper states, in %; the page of the model has the link. It was not measured here, and "
    "does not change the rank.",
    _claimed,
)
_COSTS = (
    IndexColumn(
        "queries",
        "Queries",
        "Mean number of distinct texts that the model scored per attacked example.",
        lambda _, row: _mean(row.row.queries, 1, ""),
    ),
    IndexColumn(
        "words",
        "Words changed",
        "Changed share of the words of the broken texts.",
        lambda _, row: _mean(row.row.words_changed, 100, "%"),
    ),
    IndexColumn(
        "marks",
        "Marks",
        "Reliability checks that failed, explained below the table.",
        lambda _, row: IndexCell("", marks="".join(row_marks(row))),
        is_number=False,
    ),
)
