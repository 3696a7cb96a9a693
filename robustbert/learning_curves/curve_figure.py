"""A plot of a learning curve: accuracy by training size, and by label noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from robustbert.learning_curves.curve_record import LearningCurve
from robustbert.learning_curves.curve_rows import CurveRow, OverSeeds, curve_rows, metric_names
from robustbert.learning_curves.curve_table import curve_title, examples_note
from robustbert.reports.plots.plot_page import Frame, PlotPage, framed_page
from robustbert.reports.plots.plot_panels import percent_axis
from robustbert.reports.plots.plot_style import (
    GRID,
    MAX_LABEL,
    distinct_names,
    line_style,
    marker_style,
)
from robustbert.reports.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# In inches.
_LEFT, _GAP, _RIGHT, _PANEL, _HEIGHT, _TITLE, _BELOW = 0.55, 0.2, 0.15, 2.6, 1.9, 0.22, 0.45
_SHIFT = 0.035  # between metrics, so that their bars do not hide one another
_ROOM = 0.07  # at the ends of the x axis, as a share of it
# A tick is labelled if it is this share of the axis away from the one before it.
_MIN_TICK_DISTANCE = 0.1
_NOTES = {
    False: "Bars: 95% Wilson intervals over examples.",
    True: "Points: mean over seeds; bars: its 95% Wilson interval over examples; bands: range over "
    "seeds.",
}


@dataclass(frozen=True)
class _Panel:
    """One panel.

    Args:
        title: the title.
        label: of the x axis.
        rows: the rows that it shows, by x.
        x: the place of a row.
        tick: the label of a row's tick.
        is_log: whether the x axis is logarithmic.
    """

    title: str
    label: str
    rows: Sequence[CurveRow]
    x: Callable[[CurveRow], float]
    tick: Callable[[CurveRow], str]
    is_log: bool


def curve_figure(curve: LearningCurve) -> Figure:
    """Draw accuracy by training size at the lowest noise, and by noise at the largest size.

    A panel with a single point is left out if the other one has several.
    """
    panels, names = _panels(curve), metric_names(curve)
    width = _LEFT + len(panels) * (_PANEL + _GAP) + _RIGHT

    def draw(page: PlotPage) -> None:
        for number, panel in enumerate(panels):
            left = _LEFT + number * (_PANEL + _GAP)
            axes = page.axes(left, _TITLE + _HEIGHT, _PANEL, _HEIGHT)
            _draw_panel(axes, panel, names)
            axes.tick_params(labelleft=number == 0)
            if number == 0:
                axes.set_ylabel(f"{curve.split} accuracy (%)", fontsize=7.5, labelpad=3)

    notes = [_NOTES[len({point.seed for point in curve.points}) > 1], examples_note(curve)]
    hidden = len(curve_rows(curve)) - len(_shown(panels))
    if hidden:
        rows = counted(hidden, "row")
        notes.append(f"Not shown: {rows} with both less data and more noise.")
    frame = Frame(
        curve_title(curve),
        distinct_names(names, MAX_LABEL),
        notes,
        width,
        _TITLE + _HEIGHT + _BELOW,
    )
    return framed_page(frame, draw, _sample)


def _panels(curve: LearningCurve) -> list[_Panel]:
    rows = curve_rows(curve)
    largest, lowest = max(row.size for row in rows), min(row.noise for row in rows)
    sizes = [row for row in rows if row.noise == lowest]
    noises = [row for row in rows if row.size == largest]
    by_size = _Panel(
        "by training size" + (f", noise {100 * lowest:g}%" if lowest else ""),
        "training examples",
        sizes,
        lambda row: row.num_examples,
        lambda row: f"{row.num_examples:,}",
        True,
    )
    by_noise = _Panel(
        "by label noise" + (f", size {100 * largest:g}%" if largest < 1 else ""),
        "wrong training labels (%)",
        noises,
        lambda row: 100 * row.noise,
        lambda row: f"{100 * row.noise:g}",
        False,
    )
    panels = [panel for panel in (by_size, by_noise) if len(panel.rows) > 1]
    return panels or [by_size]


def _shown(panels: Sequence[_Panel]) -> set[tuple[float, float]]:
    return {(row.size, row.noise) for panel in panels for row in panel.rows}


def _draw_panel(axes: Axes, panel: _Panel, names: Sequence[str]) -> None:
    from matplotlib.ticker import NullLocator

    axes.set_title(panel.title, loc="left", fontsize=8, pad=3, parse_math=False)
    axes.grid(color=GRID, linewidth=0.5)
    axes.set_axisbelow(True)
    percent_axis(axes.yaxis)
    places = [panel.x(row) for row in panel.rows]
    _set_limits(axes, places, panel.is_log)
    for number, name in enumerate(names):
        shift = _SHIFT * (number - (len(names) - 1) / 2)
        _draw_metric(axes, places, [row.accuracies[name] for row in panel.rows], number, shift)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(places)
    axes.set_xticklabels(_tick_labels(panel, places))
    axes.set_xlabel(panel.label, fontsize=7.5, labelpad=2)


def _set_limits(axes: Axes, places: Sequence[float], is_log: bool) -> None:
    """Set the scale of the x axis, with room at both ends."""
    if is_log:
        axes.set_xscale("log")
        room = (places[-1] / places[0]) ** _ROOM if places[-1] > places[0] else 2
        axes.set_xlim(places[0] / room, places[-1] * room)
    else:
        space = (places[-1] - places[0]) * _ROOM or 1
        axes.set_xlim(places[0] - space, places[-1] + space)


def _draw_metric(
    axes: Axes, places: Sequence[float], found: Sequence[OverSeeds], number: int, shift: float
) -> None:
    """Draw the line, the intervals and the ranges of metric ``number``, shifted to the right."""
    from matplotlib.transforms import ScaledTranslation

    figure = axes.get_figure()
    assert figure is not None
    moved = axes.transData + ScaledTranslation(shift, 0, figure.dpi_scale_trans)
    line = line_style(number)
    shown: dict[str, Any] = {"clip_on": False, "transform": moved}
    values = [100 * one.mean for one in found]
    ends = [
        [100 * (one.mean - one.low) for one in found],
        [100 * (one.high - one.mean) for one in found],
    ]
    bars = {"ecolor": line["color"], "elinewidth": 0.7, "capsize": 2}
    axes.errorbar(places, values, yerr=ends, fmt="none", **bars, **shown)
    least, greatest = [100 * one.least for one in found], [100 * one.greatest for one in found]
    band = {"color": line["color"], "alpha": 0.2, "linewidth": 0}
    axes.fill_between(places, least, greatest, **band, **shown)
    axes.plot(places, values, **line, **shown)
    axes.plot(places, values, linestyle="none", **marker_style(number), **shown)


def _tick_labels(panel: _Panel, places: Sequence[float]) -> list[str]:
    """The labels of the ticks; one that would hide the label before it is empty."""
    shown = [math.log(place) for place in places] if panel.is_log else list(places)
    distance = _MIN_TICK_DISTANCE * (shown[-1] - shown[0])
    labels: list[str] = []
    last = -math.inf
    for row, place in zip(panel.rows, shown, strict=True):
        is_free = place - last >= distance
        labels.append(panel.tick(row) if is_free else "")
        last = place if is_free else last
    return labels


def _sample(number: int, left: float, right: float, y: float, _height: float) -> object:
    from matplotlib.lines import Line2D

    middle = {**line_style(number), **marker_style(number), "markevery": [1]}
    return Line2D([left, (left + right) / 2, right], [y, y, y], **middle)
