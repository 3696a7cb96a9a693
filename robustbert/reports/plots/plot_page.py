"""A figure that is filled from the top; lengths are in inches.

The layout is computed here, because matplotlib's layout engines round differently from one drawing
to the next.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from robustbert.console import printable
from robustbert.reports.plots.plot_style import GREY, add_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: The distance of texts from the edges.
MARGIN = 0.1
#: The height of a line of the title and of the legend, and of a line of notes.
LINE, NOTE_LINE = 0.22, 0.15
_SAMPLE, _LABEL = 0.25, 0.32  # the width of a sample in a legend, and where its label begins
_SAMPLE_HEIGHT, _ABOVE_PANELS, _MIN_WIDTH = 0.11, 0.1, 5.4
_CHARACTER, _LABEL_GAP = 0.066, 0.2  # of a label
_TITLE_CHARACTERS, _NOTE_CHARACTERS = 14.0, 19.0  # per inch


class PlotPage:
    """A figure that is filled from the top.

    Args:
        width: in inches.
        height: in inches.
    """

    def __init__(self, width: float, height: float) -> None:
        from matplotlib.figure import Figure

        self.figure = Figure(figsize=(width, height))
        self.width, self.height = width, height
        self._used = MARGIN

    def skip(self, height: float) -> None:
        """Go down by this much."""
        self._used += height

    def write(self, lines: Sequence[str], height: float, **style: Any) -> None:
        """Write lines of text of this height."""
        for line in lines:
            x, y = self.place(MARGIN)
            add_text(self.figure, x, y, printable(line), va="top", **style)
            self.skip(height)

    def axes(self, left: float, down: float, width: float, height: float) -> Axes:
        """Add axes whose lower left corner is at this place."""
        x, y = self.place(left, down)
        return self.figure.add_axes((x, y, width / self.width, height / self.height))

    def legend(
        self,
        labels: Sequence[str],
        sample: Callable[[int, float, float, float], Any],
        columns: int,
        column_width: float,
    ) -> None:
        """Write labels in columns, each with a sample in front of it.

        Args:
            labels: the labels; nothing is written without any.
            sample: makes the sample of a label from its number, its left and right end, and the
                height of its middle, in fractions of the figure.
            columns: number of columns.
            column_width: in inches.
        """
        for number, label in enumerate(labels):
            left = MARGIN + number % columns * column_width
            x, y = self.place(left, LINE / 2)
            end, _ = self.place(left + _SAMPLE)
            self.figure.add_artist(sample(number, x, end, y))
            text = printable(label)
            add_text(self.figure, self.place(left + _LABEL)[0], y, text, va="center_baseline")
            if number % columns == columns - 1 or number == len(labels) - 1:
                self.skip(LINE)

    def place(self, left: float, down: float = 0.0) -> tuple[float, float]:
        """A place in fractions of the figure, ``down`` inches below what is filled."""
        return left / self.width, 1 - (self._used + down) / self.height


def legend_height(labels: Sequence[str], columns: int) -> float:
    """The height of a legend in inches."""
    return math.ceil(len(labels) / columns) * LINE


def panel_columns(numbers: Sequence[int], allowed: Sequence[int] = (5, 4, 3)) -> int:
    """The number of columns that leaves the fewest places empty in blocks of panels.

    Args:
        numbers: the number of panels of each block, at least one.
        allowed: the numbers of columns to choose from, if there are more panels than the largest.
    """
    if max(numbers) <= max(allowed):
        return max(numbers)
    return min(allowed, key=lambda columns: sum(-number % columns for number in numbers))


@dataclass(frozen=True)
class Frame:
    """What is around the panels of a figure.

    Args:
        title: the title.
        labels: the labels of the legend.
        notes: sentences below the panels.
        width: of the panels with the labels of their axes, in inches; the figure may be wider.
        height: of the panels with the labels of their axes, in inches.
    """

    title: str
    labels: Sequence[str]
    notes: Sequence[str]
    width: float
    height: float


Sample: TypeAlias = Callable[[int, float, float, float, float], Any]


def framed_page(frame: Frame, draw: Callable[[PlotPage], None], sample: Sample) -> Figure:
    """Draw a figure: title, legend, panels and notes.

    Args:
        frame: what is around the panels.
        draw: draws the panels at the top of what is free on the page.
        sample: makes the sample of a label of the legend from its number, its left and right end,
            the height of its middle, and how high it may be, in fractions of the figure.
    """
    width = max(_MIN_WIDTH, frame.width)
    column_width = _LABEL + _CHARACTER * max(map(len, frame.labels)) + _LABEL_GAP
    columns = max(1, int((width - MARGIN) / column_width))
    title = textwrap.wrap(printable(frame.title), int(width * _TITLE_CHARACTERS))
    notes = [
        line
        for note in frame.notes
        for line in textwrap.wrap(
            printable(note), int(width * _NOTE_CHARACTERS), break_on_hyphens=False
        )
    ]
    height = 2 * MARGIN + LINE * len(title) + legend_height(frame.labels, columns)
    height += _ABOVE_PANELS + frame.height + NOTE_LINE * len(notes)
    page = PlotPage(width, height)

    def sized(number: int, left: float, right: float, y: float) -> Any:
        return sample(number, left, right, y, _SAMPLE_HEIGHT / page.height)

    page.write(title, LINE, fontsize=9)
    page.legend(frame.labels, sized, columns, column_width)
    page.skip(_ABOVE_PANELS)
    draw(page)
    page.skip(frame.height)
    page.write(notes, NOTE_LINE, fontsize=6.5, color=GREY)
    return page.figure
