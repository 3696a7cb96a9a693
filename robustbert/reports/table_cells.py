"""The cells of a table as short texts, for all formats that people read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from robustbert.metrics import MeanStd
from robustbert.reports.cell import Cell
from robustbert.reports.recipe_details import RecipeDetails, recipe_details
from robustbert.reports.table_groups import Group
from robustbert.reports.table_rows import Mean, Proportion, Row
from robustbert.reports.wording import MISSING

_Part = TypeVar("_Part")

#: The columns of :func:`detail_rows`.
DETAIL_HEADER = (
    *("model", "recipe", "success rate", "similarity", "queries", "words changed"),
    *("examples", "skipped", "exhausted"),
)
#: Describes the columns of :func:`detail_rows`.
DETAIL_CAPTION = (
    "Each recipe: attack success rate in % of the attacked examples, with 95% intervals; mean "
    "similarity of the broken texts, and share of their words that changed; mean queries per "
    "attacked example; number of examples, and how many of them were skipped (misclassified "
    "without an attack) or exhausted the query budget (counted as robust)."
)


def heading(group: Group) -> str:
    """The heading of a group: its dataset, track and unit."""
    return (
        f"{group.dataset} ({group.split}, n={group.n}), {group.track} track: "
        "accuracy in %, 95% intervals"
    )


def table_header(group: Group, recipes: Sequence[str]) -> list[str]:
    """The names of the columns, given recipe names that are already escaped.

    Core recipes come first, then the aggregates over them, then the other recipes. With the extra
    columns of a leaderboard, it is worst case that comes first.
    """
    core, others = recipes[: len(group.core)], recipes[len(group.core) :]
    worst, spent = (["worst case"], ["queries", "words changed"]) if group.core else ([], [])
    if group.extra is None:
        return ["model", "clean accuracy", *core, *worst, *spent, *others]
    first = [column.name for column in group.extra.first]
    more = [column.name for column in group.extra.after_worst_case]
    return ["model", *first, "clean accuracy", *worst, *more, *core, *others, *spent]


def table_rows(group: Group) -> list[list[Cell]]:
    """The numbers of each row of a group: all columns except the label."""
    return [_row_cells(group, index) for index in range(len(group.rows))]


def leading_first(group: Group, row: Sequence[_Part]) -> list[_Part]:
    """A row or header with the label after the leading extra columns, if there are any."""
    end = 1 + num_leading(group)
    return [*row[1:end], row[0], *row[end:]]


def num_leading(group: Group) -> int:
    """The number of extra columns that stand before the label."""
    return len(group.extra.first) if group.extra else 0


def detail_rows(row: Row, recipes: Sequence[str]) -> dict[str, list[Cell]]:
    """The numbers of each recipe that was run for a row, keyed by recipe."""
    details = {recipe: recipe_details(row, recipe) for recipe in recipes}
    return {
        recipe: _detail_cells(found, row.recipe_marks(recipe))
        for recipe, found in details.items()
        if found is not None
    }


def _row_cells(group: Group, index: int) -> list[Cell]:
    row = group.rows[index]

    def accuracy_under(recipe: str) -> Cell:
        number = row.accuracy_under(recipe)
        return accuracy_cell(group, number, row.num_examples(recipe), row.recipe_marks(recipe))

    clean = accuracy_cell(group, row.clean, row.n)
    core, others = [*map(accuracy_under, group.core)], [*map(accuracy_under, group.others)]
    worst: list[Cell] = []
    spent: list[Cell] = []
    if group.core:
        marks = row.worst_case_marks(group.core)
        worst = [accuracy_cell(group, row.worst_case, row.n, marks)]
        spent = [mean_cell(row.queries), mean_cell(row.words_changed, 100, unit="%")]
    if group.extra is None:
        return [clean, *core, *worst, *spent, *others]
    first = [column.cells[index] for column in group.extra.first]
    more = [column.cells[index] for column in group.extra.after_worst_case]
    return [*first, clean, *worst, *more, *core, *others, *spent]


def accuracy_cell(group: Group, number: Proportion | None, n: int | None, marks: str = "") -> Cell:
    """An accuracy in percent; ``n`` is shown if it is not that of most rows."""
    return percent_cell(number, (f"n={n}",) if n != group.n else (), marks)


def _detail_cells(details: RecipeDetails, marks: str) -> list[Cell]:
    return [
        percent_cell(details.success_rate, marks=marks),
        mean_cell(details.similarity, digits=3),
        mean_cell(details.queries),
        mean_cell(details.words_changed, 100, unit="%"),
        mean_cell(details.examples, digits=0),
        mean_cell(details.skipped, digits=0),
        mean_cell(details.exhausted, digits=0),
    ]


def percent_cell(number: Proportion | None, remarks: tuple[str, ...] = (), marks: str = "") -> Cell:
    """A proportion in percent, with its interval or its deviation over replicates."""
    if isinstance(number, MeanStd):
        cell = mean_cell(number, 100)
        return Cell(cell.value, cell.deviation, None, cell.remarks + remarks, marks)
    if number is None or number.value is None or number.low is None or number.high is None:
        return Cell(MISSING, marks=marks)
    interval = (f"{100 * number.low:.1f}", f"{100 * number.high:.1f}")
    return Cell(f"{100 * number.value:.1f}", "", interval, remarks, marks)


def mean_cell(mean: Mean | None, scale: int = 1, *, digits: int = 1, unit: str = "") -> Cell:
    """A mean times ``scale``, with its deviation over replicates."""
    if mean is None:
        return Cell(MISSING)
    if not isinstance(mean, MeanStd):
        return Cell(f"{scale * mean:.{digits}f}{unit}")
    deviation = MISSING if mean.std is None else f"{scale * mean.std:.{digits}f}"
    seeds = f"n={mean.n} {'seed' if mean.n == 1 else 'seeds'}"
    return Cell(f"{scale * mean.mean:.{digits}f}{unit}", f"± {deviation}", None, (seeds,))


def marked(text: str, marks: str) -> str:
    """A text followed by its marks, if it has any."""
    return f"{text} {marks}" if marks else text
