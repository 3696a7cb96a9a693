"""The queries of attacks against their success."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustbert.metrics import mean_std
from robustbert.records import Record
from robustbert.reports.plots.plot_data import PlotData
from robustbert.reports.plots.plot_page import PlotPage, framed_page
from robustbert.reports.plots.plot_panels import log_axis, panel_grid, percent_axis
from robustbert.reports.plots.plot_style import distinct_names, marker_style
from robustbert.reports.table_rows import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANEL_WIDTH, _COLUMNS = 2.4, (3, 2)  # inches
_MARKER_SIZE = 5
_ROOM, _MIN_RANGE = 1.3, 10.0  # of the x axis: factors around the points, and at least
_NOTE = (
    "Each point is a recipe: the share of attacked examples that it broke, with its 95% interval, "
    "and its mean queries per attacked example."
)
_SEEDS_NOTE = " Rows of several training seeds show means without intervals."


@dataclass(frozen=True)
class _Point:
    """A recipe: mean queries and success rate, in [0, 1], with its interval if it has one."""

    queries: float
    success: float
    low: float | None
    high: float | None


def query_success_figure(data: PlotData) -> Figure:
    """Draw the success rate of each recipe against its mean number of queries, a panel per row.

    Points show which recipe breaks most and at what cost, which is compared between recipes. The
    alternative, the cumulative success rate against queries, would be the curve of
    :func:`~robustbert.reports.plots.curve_plot.query_budget_figure` upside down.
    """
    points = [{recipe: _point(row, recipe) for recipe in data.recipes} for row in data.group.rows]
    queries = [one.queries for several in points for one in several.values() if one]
    low, high = _range(queries)
    grid = panel_grid(len(points), _PANEL_WIDTH, _COLUMNS)
    labels = distinct_names(data.labels, grid.title_characters)
    replicated = any(len(row.replicates) > 1 for row in data.group.rows)
    notes = [_NOTE + _SEEDS_NOTE * replicated, *data.query_notes(), *data.row_notes()]
    title = f"{data.heading}: success rate of attacks by their queries"
    frame = grid.frame(title, data.recipe_titles(), notes)

    def draw(page: PlotPage) -> None:
        for number, (label, several) in enumerate(zip(labels, points, strict=True)):
            axes = grid.add_panel(page, number, label)
            percent_axis(axes.yaxis)
            log_axis(axes, low, high)
            grid.label(axes, number, "mean queries per example", "success rate (%)")
            _draw_points(axes, list(several.values()))

    return framed_page(frame, draw, _sample)


def _range(queries: Sequence[float]) -> tuple[float, float]:
    """The ends of the axis of queries."""
    low, high = min(queries, default=1.0) / _ROOM, max(queries, default=10.0) * _ROOM
    more = max(1.0, math.sqrt(_MIN_RANGE * low / high))
    return low / more, high * more


def _point(row: Row, recipe: str) -> _Point | None:
    """None if the recipe was not run, or attacked no example."""
    records = [one.records[recipe] for one in row.replicates if recipe in one.records]
    known = [record for record in records if record.counts.attacked]
    if not known or any(record.metrics.queries_mean is None for record in known):
        return None
    queries = mean_std([record.metrics.queries_mean or 0.0 for record in known]).mean
    if len(row.replicates) > 1:
        return _Point(queries, mean_std(_success_rates(known)).mean, None, None)
    rate = known[0].metrics.attack_success_rate
    return _Point(queries, rate.value or 0.0, rate.low, rate.high)


def _success_rates(records: Sequence[Record]) -> list[float]:
    return [record.metrics.attack_success_rate.value or 0.0 for record in records]


def _draw_points(axes: Axes, points: Sequence[_Point | None]) -> None:
    for number, point in enumerate(points):
        if point is None:
            continue
        style = {**marker_style(number), "markersize": _MARKER_SIZE}
        if point.low is not None and point.high is not None:
            axes.vlines(
                point.queries, 100 * point.low, 100 * point.high, color=style["color"], linewidth=1
            )
        axes.plot([point.queries], [100 * point.success], linestyle="none", clip_on=False, **style)


def _sample(number: int, left: float, right: float, y: float, _height: float) -> object:
    from matplotlib.lines import Line2D

    style = {**marker_style(number), "markersize": _MARKER_SIZE}
    return Line2D([(left + right) / 2], [y], linestyle="none", **style)
