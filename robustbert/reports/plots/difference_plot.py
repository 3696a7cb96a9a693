"""Differences of rows from a common row, with intervals: one panel per table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from robustbert.metrics import Difference
from robustbert.reports.plots.plot_page import MARGIN, Frame, PlotPage, framed_page
from robustbert.reports.plots.plot_style import (
    GREY,
    GRID,
    MAX_LABEL,
    add_text,
    distinct_names,
    marker_style,
)
from robustbert.reports.wording import MISSING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Lengths in inches.
_PANEL, _GAP, _CHARACTER, _ABOVE, _BELOW, _RIGHT = 2.7, 0.25, 0.062, 0.2, 0.45, 0.15
_ROW, _BETWEEN_MEASURES = 0.15, 0.13  # of each measure, and between the rows
_SPREAD = 0.6  # the share of the height of a row that its measures take


@dataclass(frozen=True)
class DifferenceRow:
    """A row of a panel.

    Args:
        label: its label.
        differences: one per measure, in [-1, 1]; None if there is none.
        is_significant: whether each differs from 0 by the test that the notes name.
    """

    label: str
    differences: tuple[Difference | None, ...]
    is_significant: tuple[bool, ...]


@dataclass(frozen=True)
class DifferencePanel:
    """The rows of one table.

    Args:
        title: the title of the panel.
        rows: with distinct labels.
    """

    title: str
    rows: tuple[DifferenceRow, ...]


def difference_figure(
    title: str, measures: Sequence[str], panels: Sequence[DifferencePanel], notes: Sequence[str]
) -> Figure:
    """Draw differences in points, filled if they are significant, with their intervals.

    Args:
        title: the title of the figure.
        measures: the names of the measures, for the legend.
        panels: at least one. They share the rows; one that a panel lacks is n/a there.
        notes: sentences below the panels.
    """
    rows = list(dict.fromkeys(row.label for panel in panels for row in panel.rows))
    labels = distinct_names(rows, MAX_LABEL)
    left = MARGIN + _CHARACTER * max(map(len, labels)) + 0.1
    height = len(labels) * (_ROW * len(measures) + _BETWEEN_MEASURES)
    frame = Frame(
        title=title,
        labels=measures,
        notes=notes,
        width=left + len(panels) * (_PANEL + _GAP) - _GAP + _RIGHT,
        height=_ABOVE + height + _BELOW,
    )
    limit = _limit(panels)

    def draw(page: PlotPage) -> None:
        for number, panel in enumerate(panels):
            place = left + number * (_PANEL + _GAP)
            axes = page.axes(place, _ABOVE + height, _PANEL, height)
            _style_panel(axes, panel.title, labels if number == 0 else [""] * len(labels), limit)
            found = {row.label: row for row in panel.rows}
            missing = DifferenceRow("", (None,) * len(measures), (False,) * len(measures))
            for y, label in enumerate(rows):
                _draw_row(axes, found.get(label, missing), y)

    return framed_page(frame, draw, _sample)


def _limit(panels: Sequence[DifferencePanel]) -> float:
    """The largest number of points that an axis has to show, with some room."""
    found = [one for panel in panels for row in panel.rows for one in row.differences if one]
    ends = [abs(100 * end) for one in found for end in (one.low, one.high)]
    return 1.05 * max([*ends, 5.0])


def _style_panel(axes: Axes, title: str, labels: Sequence[str], limit: float) -> None:
    """Prepare a panel; its y axis counts rows downwards."""
    axes.set_xlim(-limit, limit)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(axis="x", color=GRID, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_title(title, fontsize=8, loc="left", parse_math=False)
    axes.set_xlabel("points")
    axes.set_yticks(range(len(labels)))
    axes.set_yticklabels(labels, parse_math=False)
    axes.tick_params(axis="y", length=0)


def _draw_row(axes: Axes, row: DifferenceRow, y: int) -> None:
    measures = len(row.differences)
    for number, found in enumerate(row.differences):
        offset = (number - (measures - 1) / 2) * _SPREAD / measures
        _draw_difference(axes, found, row.is_significant[number], number, y + offset)


def _draw_difference(
    axes: Axes, found: Difference | None, is_significant: bool, number: int, y: float
) -> None:
    if found is None:
        add_text(axes, 0, y, f" {MISSING}", va="center", fontsize=6, color=GREY)
        return
    style = _style(number)
    axes.hlines(y, 100 * found.low, 100 * found.high, color=style["color"], linewidth=1.2)
    fill = style["color"] if is_significant else "white"
    axes.plot([100 * found.value], [y], **style, markerfacecolor=fill)


def _style(number: int) -> dict[str, Any]:
    style = marker_style(number)
    return {**style, "markeredgecolor": style["color"], "markeredgewidth": 0.9}


def _sample(number: int, left: float, right: float, y: float, height: float) -> object:
    from matplotlib.lines import Line2D

    return Line2D([(left + right) / 2], [y], linestyle="none", **_style(number))
