"""The cells of a table as short texts, for all formats that people read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.metrics import MeanStd
from robustbert.reports.recipe_details import RecipeDetails, recipe_details
from robustbert.reports.table_groups import Group
from robustbert.reports.table_rows import Mean, Proportion, Row
from robustbert.reports.wording import MISSING

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


@dataclass(frozen=True)
class Cell:
    """A number with what qualifies it, in parts, because each format arranges them differently.

    Args:
        value: the number, or "n/a".
        deviation: the standard deviation over replicates with its sign; empty for other numbers.
        interval: the ends of its 95% interval.
        remarks: the numbers of seeds and of examples, if they need to be shown.
        marks: the marks of failed reliability checks.
    """

    value: str
    deviation: str = ""
    interval: tuple[str, str] | None = None
    remarks: tuple[str, ...] = ()
    marks: str = ""

    @property
    def inline(self) -> str:
        """All parts on one line.

        >>> Cell("36.0", interval=("24.1", "49.9"), remarks=("n=50",), marks="§").inline
        '36.0 [24.1, 49.9] (n=50) §'
        """
        interval = f"[{', '.join(self.interval)}]" if self.interval else ""
        remarks = [f"({remark})" for remark in self.remarks]
        return " ".join(filter(None, [self.value, self.deviation, interval, *remarks, self.marks]))

    @property
    def stacked(self) -> tuple[str, ...]:
        """The number with its deviation and marks, and the other parts below it, in narrow lines.

        >>> Cell("36.0", interval=("24.1", "49.9"), remarks=("n=50",), marks="§").stacked
        ('36.0 §', '24.1–49.9', '(n=50)')
        """
        number = " ".join(filter(None, [self.value, self.deviation, self.marks]))
        interval = ["–".join(self.interval)] if self.interval else []
        return (number, *interval, *(f"({remark})" for remark in self.remarks))


def heading(group: Group) -> str:
    """The heading of a group: its dataset, track and unit."""
    return (
        f"{group.dataset} ({group.split}, n={group.n}), {group.track} track: "
        "accuracy in %, 95% intervals"
    )


def table_header(group: Group, recipes: Sequence[str]) -> list[str]:
    """The column names of :func:`table_rows`, given recipe names that are already escaped.

    Core recipes come first, then the aggregates over them, then the other recipes.
    """
    split = len(group.core)
    aggregates = ["worst case", "queries", "words changed"] if group.core else []
    return ["model", "clean accuracy", *recipes[:split], *aggregates, *recipes[split:]]


def table_rows(group: Group) -> list[list[Cell]]:
    """The numbers of each row of a group: all columns except the label."""
    return [_row_cells(group, row) for row in group.rows]


def detail_rows(row: Row, recipes: Sequence[str]) -> dict[str, list[Cell]]:
    """The numbers of each recipe that was run for a row, keyed by recipe."""
    details = {recipe: recipe_details(row, recipe) for recipe in recipes}
    return {
        recipe: _detail_cells(found, row.recipe_marks(recipe))
        for recipe, found in details.items()
        if found is not None
    }


def _row_cells(group: Group, row: Row) -> list[Cell]:
    def percent(
        number: Proportion | None, n: int | None, marks: str = ""
    ) -> Cell:  # a proportion; n is shown if it is not that of most rows
        return _percent(number, (f"n={n}",) if n != group.n else (), marks)

    def accuracy_under(recipe: str) -> Cell:
        number = row.accuracy_under(recipe)
        return percent(number, row.num_examples(recipe), row.recipe_marks(recipe))

    aggregates = [
        percent(row.worst_case, row.n, row.worst_case_marks(group.core)),
        _mean(row.queries, 1),
        _mean(row.words_changed, 100, unit="%"),
    ]
    return [
        percent(row.clean, row.n),
        *map(accuracy_under, group.core),
        *(aggregates if group.core else []),
        *map(accuracy_under, group.others),
    ]


def _detail_cells(details: RecipeDetails, marks: str) -> list[Cell]:
    return [
        _percent(details.success_rate, (), marks),
        _mean(details.similarity, 1, digits=3),
        _mean(details.queries, 1),
        _mean(details.words_changed, 100, unit="%"),
        _mean(details.examples, 1, digits=0),
        _mean(details.skipped, 1, digits=0),
        _mean(details.exhausted, 1, digits=0),
    ]


def _percent(number: Proportion | None, remarks: tuple[str, ...], marks: str) -> Cell:
    if isinstance(number, MeanStd):
        cell = _mean(number, 100)
        return Cell(cell.value, cell.deviation, None, cell.remarks + remarks, marks)
    if number is None or number.value is None or number.low is None or number.high is None:
        return Cell(MISSING, marks=marks)
    interval = (f"{100 * number.low:.1f}", f"{100 * number.high:.1f}")
    return Cell(f"{100 * number.value:.1f}", "", interval, remarks, marks)


def _mean(mean: Mean | None, scale: int, *, digits: int = 1, unit: str = "") -> Cell:
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
