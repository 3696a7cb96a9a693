"""Bars of accuracies with intervals: one figure per dataset and track."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.metrics import MeanStd
from robustbert.reports.plots.plot_data import PlotData
from robustbert.reports.plots.plot_page import MARGIN, Frame, PlotPage, framed_page
from robustbert.reports.plots.plot_style import GREY, GRID, add_text, bar_style
from robustbert.reports.table_rows import Proportion, Row
from robustbert.reports.wording import MISSING, listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Lengths in inches.
_LEFT, _HEIGHT = 0.55, 1.6
_LABEL_LINE, _BELOW_LABELS = 0.135, 0.2
_MAX_LINE, _GAP, _MIN_GROUP = 7.4, 0.2, 0.82
_WIDEST_BAR, _NARROWEST_BAR = 0.3, 0.115
_HIGHLIGHT = "#F0F0F0"
_LABEL_CHARACTERS = 12  # per line below a group of bars


@dataclass(frozen=True)
class _Bars:
    """The bars of one measure, one per row."""

    title: str
    value: Callable[[Row], Proportion | None]
    marks: Callable[[Row], str]
    is_worst_case: bool = False


def bar_figure(data: PlotData) -> Figure:
    """Draw clean accuracy, accuracy under each recipe and worst case, with a bar per row.

    The lines are 95% intervals, or for replicates the standard deviation over training seeds. The
    marks above them are those of the tables. A cell that was not run shows "n/a".
    """
    groups = _groups(data)
    rows = len(data.group.rows)
    bar = min(_WIDEST_BAR, max(_NARROWEST_BAR, (_MIN_GROUP - _GAP) / rows))
    width = max(_MIN_GROUP, rows * bar + _GAP)
    lines = _lines(groups, max(1, int(_MAX_LINE / width)))
    label_lines = max(_wrapped(group.title).count("\n") + 1 for group in groups)
    pitch = _HEIGHT + _LABEL_LINE * label_lines + _BELOW_LABELS
    frame = Frame(
        title=f"{data.heading}: accuracy with {_lines_meaning(data)}",
        labels=data.labels,
        notes=[*_worst_case_notes(data), *data.accuracy_notes()],
        width=_LEFT + width * max(map(len, lines)) + MARGIN,
        height=pitch * len(lines),
    )

    def draw(page: PlotPage) -> None:
        for number, line in enumerate(lines):
            down = number * pitch + _HEIGHT
            axes = page.axes(_LEFT, down, width * len(line), _HEIGHT)
            _draw_line(axes, line, data.group.rows, bar, width)

    return framed_page(frame, draw, _sample)


def _groups(data: PlotData) -> list[_Bars]:
    def under(recipe: str, title: str) -> _Bars:
        return _Bars(
            title, lambda row: row.accuracy_under(recipe), lambda row: row.recipe_marks(recipe)
        )

    core = data.group.core
    recipes = list(zip(data.recipes, data.recipe_titles(2 * _LABEL_CHARACTERS), strict=True))
    worst_case = _Bars(
        "worst case", lambda row: row.worst_case, lambda row: row.worst_case_marks(core), True
    )
    return [
        _Bars("clean", lambda row: row.clean, lambda _: ""),
        *(under(*recipe) for recipe in recipes if recipe[0] in core),
        *([worst_case] if data.has_worst_case else []),
        *(under(*recipe) for recipe in recipes if recipe[0] not in core),
    ]


def _lines(groups: Sequence[_Bars], capacity: int) -> list[Sequence[_Bars]]:
    """As few lines as possible, of about the same length."""
    number = math.ceil(len(groups) / capacity)
    length = math.ceil(len(groups) / number)
    return [groups[start : start + length] for start in range(0, len(groups), length)]


def _worst_case_notes(data: PlotData) -> list[str]:
    if not data.has_worst_case:
        return []
    missing = [recipe for recipe in CORE_RECIPES if recipe not in data.group.core]
    not_run = f" (not run: {listed(missing)})" if missing else ""
    core = listed(data.group.core)
    return [f"Worst case: the examples that survive every core recipe, {core}{not_run}."]


def _lines_meaning(data: PlotData) -> str:
    replicated = [len(row.replicates) > 1 for row in data.group.rows]
    if all(replicated):
        return "the standard deviation over training seeds"
    return "95% intervals" + (" (several seeds: standard deviation)" if any(replicated) else "")


def _draw_line(
    axes: Axes, groups: Sequence[_Bars], rows: Sequence[Row], bar: float, width: float
) -> None:
    """A line of groups; its x axis is in inches."""
    axes.set_xlim(0, width * len(groups))
    axes.set_ylim(0, 106)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.grid(axis="y", color=GRID, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.set_ylabel("accuracy (%)")
    for number, group in enumerate(groups):
        if group.is_worst_case:
            axes.axvspan(width * number, width * (number + 1), color=_HIGHLIGHT, zorder=0)
        first = width * (number + 0.5) - bar * (len(rows) - 1) / 2
        for index, row in enumerate(rows):
            _draw_bar(axes, group, row, index, first + bar * index, bar)
    axes.set_xticks([width * (number + 0.5) for number in range(len(groups))])
    axes.set_xticklabels([_wrapped(group.title) for group in groups], parse_math=False)
    axes.tick_params(axis="x", length=0)


def _draw_bar(axes: Axes, group: _Bars, row: Row, index: int, x: float, width: float) -> None:
    found = group.value(row)
    if isinstance(found, MeanStd):
        value, spread = found.mean, found.std or 0.0
        low, high = max(0.0, value - spread), min(1.0, value + spread)
    elif found is None or found.value is None or found.low is None or found.high is None:
        add_text(axes, x, 1.5, MISSING, rotation=90, ha="center", va="bottom", fontsize=6,
                 color=GREY)  # fmt: skip
        return
    else:
        value, low, high = found.value, found.low, found.high
    axes.bar(x, 100 * value, width, **bar_style(index))
    axes.vlines(x, 100 * low, 100 * high, color="white", linewidth=2.2)  # visible on any bar
    axes.vlines(x, 100 * low, 100 * high, color="black", linewidth=0.9)
    if marks := group.marks(row):
        add_text(axes, x, 100 * high + 1, marks, ha="center", va="bottom", fontsize=6.5)


def _wrapped(title: str) -> str:
    return "\n".join(textwrap.wrap(title, _LABEL_CHARACTERS))


def _sample(number: int, left: float, right: float, y: float, height: float) -> object:
    from matplotlib.patches import Rectangle

    return Rectangle((left, y - height / 2), right - left, height, **bar_style(number))
