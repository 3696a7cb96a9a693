"""Small panels in a grid, and their axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustbert.reports.plots.plot_page import Frame, PlotPage, panel_columns
from robustbert.reports.plots.plot_style import GRID

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

# Lengths in inches.
_LEFT, _GAP, _RIGHT, _TITLE = 0.55, 0.18, 0.12, 0.22
_AXES_HEIGHT, _BETWEEN, _BELOW = 1.2, 0.16, 0.4
_MIN_WIDTH = 5.2
_TITLE_CHARACTERS = 15.5  # per inch
_MAX_LOG_TICKS = 4


@dataclass(frozen=True)
class PanelGrid:
    """A grid of equal panels.

    Args:
        number: number of panels, at least 1.
        columns: number of columns.
        panel_width: with the gap to the next one, in inches.
    """

    number: int
    columns: int
    panel_width: float

    @property
    def title_characters(self) -> int:
        """The most characters of a panel's title."""
        return int((self.panel_width - _GAP) * _TITLE_CHARACTERS)

    def frame(self, title: str, labels: Sequence[str], notes: Sequence[str]) -> Frame:
        """The frame around the panels."""
        rows = math.ceil(self.number / self.columns)
        height = rows * (_TITLE + _AXES_HEIGHT + _BETWEEN) + _BELOW
        width = _LEFT + self.columns * self.panel_width + _RIGHT
        return Frame(title, labels, notes, width, height)

    def add_panel(self, page: PlotPage, number: int, title: str) -> Axes:
        """Add panel ``number``, from 0, with a title."""
        row, column = divmod(number, self.columns)
        down = row * (_TITLE + _AXES_HEIGHT + _BETWEEN) + _TITLE + _AXES_HEIGHT
        left = _LEFT + column * self.panel_width
        axes = page.axes(left, down, self.panel_width - _GAP, _AXES_HEIGHT)
        axes.set_title(title, loc="left", fontsize=8, pad=3, parse_math=False)
        axes.grid(color=GRID, linewidth=0.5)
        axes.set_axisbelow(True)
        return axes

    def label(self, axes: Axes, number: int, x: str, y: str) -> None:
        """Label the axes of panel ``number``: x if no panel is below it, y in the first column."""
        is_lowest = number + self.columns >= self.number
        axes.tick_params(labelleft=number % self.columns == 0, labelbottom=is_lowest)
        if is_lowest:
            axes.set_xlabel(x, fontsize=7.5, labelpad=2)
        if number % self.columns == 0:
            axes.set_ylabel(y, fontsize=7.5, labelpad=3)


def panel_grid(number: int, width: float, columns: Sequence[int]) -> PanelGrid:
    """A grid of panels.

    Args:
        number: number of panels, at least 1.
        width: of a panel, in inches; few panels are wider.
        columns: the numbers of columns to choose from.
    """
    chosen = panel_columns([number], columns)
    return PanelGrid(number, chosen, max(width, (_MIN_WIDTH - _LEFT) / chosen))


def percent_axis(axis: Axis) -> None:
    """Make an axis one from 0 to 100."""
    axis.axes.set_ylim(0, 100)
    axis.set_ticks([0, 25, 50, 75, 100])


def log_axis(axes: Axes, low: float, high: float) -> None:
    """Make the x axis logarithmic, from ``low`` to ``high``, with plain numbers."""
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.xaxis.set_minor_locator(NullLocator())
    ticks = _log_ticks(low, high)
    axes.set_xticks(ticks)
    axes.set_xticklabels([f"{tick:,.0f}" for tick in ticks])


def _log_ticks(low: float, high: float) -> list[float]:
    """Ticks at 1, 2 and 5 times powers of ten, or with too many of them at the powers alone."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        ticks = [factor * 10.0**e for e in exponents for factor in factors]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= _MAX_LOG_TICKS:
            break
    return ticks
