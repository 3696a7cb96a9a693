"""The cells of a table as strings, for all formats that people read."""

from __future__ import annotations

from collections.abc import Sequence

from robustbert.metrics import MeanStd
from robustbert.reports.table_groups import Group
from robustbert.reports.table_rows import Mean, Proportion, Row
from robustbert.reports.wording import MISSING, percent


def heading(group: Group) -> str:
    """The heading of a group: its dataset, track and unit."""
    return (
        f"{group.dataset} ({group.split}, n={group.n}), {group.track} track: "
        "accuracy in %, 95% intervals"
    )


def table_cells(group: Group, labels: Sequence[str], recipes: Sequence[str]) -> list[list[str]]:
    """Header and rows as strings, given labels and recipe names that are already escaped.

    Core recipes come first, then the aggregates over them, then the other recipes.
    """
    split = len(group.core)
    aggregates = ["worst case", "queries", "words changed"] if group.core else []
    header = ["model", "clean accuracy", *recipes[:split], *aggregates, *recipes[split:]]
    rows = [[label, *_row_cells(group, row)] for label, row in zip(labels, group.rows, strict=True)]
    return [header, *rows]


def _row_cells(group: Group, row: Row) -> list[str]:
    def accuracy_under(recipe: str) -> str:
        cell = _percent(row.accuracy_under(recipe), row.num_examples(recipe), group.n)
        return marked(cell, row.recipe_marks(recipe))

    aggregates = [
        marked(_percent(row.worst_case, row.n, group.n), row.worst_case_marks(group.core)),
        _mean(row.queries, 1, ""),
        _mean(row.words_changed, 100, "%"),
    ]
    return [
        _percent(row.clean, row.n, group.n),
        *map(accuracy_under, group.core),
        *(aggregates if group.core else []),
        *map(accuracy_under, group.others),
    ]


def _percent(number: Proportion | None, n: int | None, common_n: int) -> str:
    """A proportion in percent, followed by ``(n=...)`` if ``n`` differs from ``common_n``."""
    suffix = "" if n == common_n else f" (n={n})"
    if isinstance(number, MeanStd):
        return f"{100 * number.mean:.1f} {_deviation(number, 100)}{suffix}"
    return percent(number) + (suffix if number is not None and number.value is not None else "")


def _mean(mean: Mean | None, scale: int, unit: str) -> str:
    if mean is None:
        return MISSING
    if isinstance(mean, MeanStd):
        return f"{scale * mean.mean:.1f}{unit} {_deviation(mean, scale)}"
    return f"{scale * mean:.1f}{unit}"


def _deviation(mean: MeanStd, scale: int) -> str:
    deviation = MISSING if mean.std is None else f"{scale * mean.std:.1f}"
    return f"± {deviation} (n={mean.n} {'seed' if mean.n == 1 else 'seeds'})"


def marked(text: str, marks: str) -> str:
    """A text followed by its marks, if it has any."""
    return f"{text} {marks}" if marks else text
