"""Curves of the accuracy under attack against what the attack may spend."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustbert.metrics import Curve, accuracy_by_queries, accuracy_by_words_changed
from robustbert.records import Outcome
from robustbert.reports.plots.plot_data import PlotData
from robustbert.reports.plots.plot_page import PlotPage, framed_page
from robustbert.reports.plots.plot_panels import log_axis, panel_grid, percent_axis
from robustbert.reports.plots.plot_style import line_style, marker_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANEL_WIDTH, _COLUMNS = 1.85, (4, 3)  # inches
_MARKERS_PER_LINE = 3
_MAX_BANDS = 2  # with more rows, bands would hide one another
_ROOM = 1.15  # the axis of queries ends at the last step times this
_WORDS_STEP = 0.1  # the axis of words changed ends at a multiple of this


@dataclass(frozen=True)
class _Spending:
    """What an attack spends: the x axis.

    Args:
        title: of the figure.
        label: of the axis.
        curve: the curve of some outcomes.
        is_log: whether the axis is logarithmic; else it is in percent, from 0.
        note: how the curve is computed.
    """

    title: str
    label: str
    curve: Callable[[Sequence[Outcome]], Curve]
    is_log: bool
    note: str


_WORDS = _Spending(
    "accuracy under attack by share of words changed",
    "words changed (at most, %)",
    accuracy_by_words_changed,
    False,
    "An example counts as broken at x if the adversarial text that was found changes at most x of "
    "its words.",
)
_QUERIES = _Spending(
    "accuracy under attack by query budget",
    "queries per example (at most)",
    accuracy_by_queries,
    True,
    "An example counts as broken at x if the attack needed at most x queries.",
)


def words_changed_figure(data: PlotData) -> Figure:
    """Draw the accuracy under attack against the share of words changed, a panel per recipe."""
    return _curve_figure(data, _WORDS, [])


def query_budget_figure(data: PlotData) -> Figure:
    """Draw the accuracy under attack against the query budget, a panel per recipe.

    A note names rows of protocol revision 1, whose queries are TextAttack's own count.
    """
    return _curve_figure(data, _QUERIES, data.query_notes())


def _curve_figure(data: PlotData, spending: _Spending, notes: Sequence[str]) -> Figure:
    curves = {
        recipe: [
            spending.curve(outcomes) if (outcomes := data.cell_outcomes(row, recipe)) else None
            for row in data.group.rows
        ]
        for recipe in data.recipes
    }
    bands = len(data.group.rows) <= _MAX_BANDS and all(
        len(row.replicates) == 1 for row in data.group.rows
    )
    start, end = _range([one for several in curves.values() for one in several if one], spending)
    grid = panel_grid(len(curves), _PANEL_WIDTH, _COLUMNS)
    titles = data.recipe_titles(grid.title_characters)
    title = f"{data.heading}: {spending.title}" + (", 95% intervals" if bands else "")
    frame = grid.frame(title, data.labels, [spending.note, *notes, *data.row_notes()])

    def draw(page: PlotPage) -> None:
        for number, several in enumerate(curves.values()):
            axes = grid.add_panel(page, number, titles[number])
            _draw_axes(axes, spending, start, end)
            grid.label(axes, number, spending.label, "accuracy (%)")
            for row, curve in enumerate(several):
                if curve is not None:
                    _draw_curve(axes, curve, row, len(several), bands)

    return framed_page(frame, draw, _sample)


def _range(curves: Sequence[Curve], spending: _Spending) -> tuple[float, float]:
    """The ends of the x axis, which shows every step of the curves."""
    steps = [x for curve in curves for x in curve.steps]
    if not spending.is_log:
        return 0, _WORDS_STEP * max(1, math.ceil(max(steps, default=0) / _WORDS_STEP))
    first = max(1, min(steps, default=1))
    return 10.0 ** math.floor(math.log10(first)), _ROOM * max(10, max(steps, default=10))


def _draw_axes(axes: Axes, spending: _Spending, start: float, end: float) -> None:
    percent_axis(axes.yaxis)
    if spending.is_log:
        log_axis(axes, start, end)
    else:
        axes.set_xlim(start, end)
        # of 5 or fewer ticks, in whole steps of 10 points
        stride = math.ceil(round(end / _WORDS_STEP) / 5)
        ticks = range(0, round(end / _WORDS_STEP) + 1, stride)
        axes.set_xticks([tick * _WORDS_STEP for tick in ticks])
        axes.set_xticklabels([str(round(100 * tick * _WORDS_STEP)) for tick in ticks])


def _draw_curve(axes: Axes, curve: Curve, row: int, rows: int, has_band: bool) -> None:
    left, right = axes.get_xlim()
    x = [left, *curve.steps, right]
    points = [curve.at(place) for place in x]
    values = [100 * (point.value or 0.0) for point in points]
    axes.plot(x, values, drawstyle="steps-post", clip_on=False, **line_style(row))
    if has_band:
        low = [100 * (point.low or 0.0) for point in points]
        high = [100 * (point.high or 0.0) for point in points]
        axes.fill_between(
            x, low, high, step="post", color=line_style(row)["color"], alpha=0.15, linewidth=0
        )
    places = _marker_places(left, right, axes.get_xscale() == "log", (row + 1) / (rows + 1))
    heights = [100 * (curve.at(place).value or 0.0) for place in places]
    axes.plot(places, heights, linestyle="none", **marker_style(row))


def _marker_places(left: float, right: float, is_log: bool, shift: float) -> list[float]:
    """Equally spaced places, shifted so that the markers of rows do not hide one another."""
    shares = [(number + shift) / _MARKERS_PER_LINE for number in range(_MARKERS_PER_LINE)]
    if is_log:
        return [left * (right / left) ** share for share in shares]
    return [left + (right - left) * share for share in shares]


def _sample(number: int, left: float, right: float, y: float, _height: float) -> object:
    from matplotlib.lines import Line2D

    middle = (left + right) / 2
    style = {**line_style(number), **marker_style(number)}
    return Line2D([left, middle, right], [y, y, y], markevery=[1], **style)
