"""Draw a history as SVG."""

from __future__ import annotations

import io
import math
import textwrap
import warnings
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from robustbert.console import printable
from robustbert.gate.history.history_data import History, Series
from robustbert.gate.history.history_panel import HistoryPanel, add_text, row_style
from robustbert.gate.history.history_wording import (
    accepted_sentences,
    gap_or_allowed,
    history_title,
    method_sentences,
    skipped_sentences,
)
from robustbert.reports.escape import shorten

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLES: Mapping[Any, Any] = MappingProxyType(
    {
        "svg.hashsalt": "robustbert",  # ids do not depend on a random number
        "svg.fonttype": "none",  # texts stay texts
        "font.family": "DejaVu Sans",
        "font.size": 8,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)
_COLUMNS = (5, 4, 3)
_MAX_NAME = 40
_TITLE_CHARACTERS, _NOTE_CHARACTERS = 30, 52  # per column of panels
# Lengths in inches. The layout is computed here, because matplotlib's layout engines round
# differently from one drawing to the next.
_MARGIN, _LEFT = 0.1, 0.4
_PANEL, _AXES = (2.7, 1.75), (2.45, 1.33)
_LINE, _NOTE_LINE, _BLOCK_TITLE, _VERSIONS = 0.22, 0.15, 0.18, 0.8


class _Block(NamedTuple):
    """The panels of one dataset and track: the series of each measure, one per row."""

    title: str
    panels: dict[str, list[Series]]


def history_svg(history: History) -> str:
    """Draw the accuracies over the versions of a baseline, with 95% intervals as bands.

    Each dataset and track has a block of panels, one per measure, with a line per row. Versions are
    equally spaced. Steps are vertical lines with the change in points. Where two versions cannot be
    compared, the line is broken, and a number refers to the reason below the panels.

    Returns:
        SVG. The same history and version of matplotlib give the same text.
    """
    import matplotlib as mpl

    output = io.BytesIO()
    with mpl.rc_context(dict(_STYLES)), warnings.catch_warnings():
        # whoever shows the file has other fonts
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from", category=UserWarning)
        title = printable(history_title(history))
        history_figure(history).savefig(
            output, format="svg", metadata={"Title": title, "Creator": None, "Date": None}
        )
    return output.getvalue().decode("utf-8")


def history_figure(history: History) -> Figure:
    """The figure that :func:`history_svg` writes."""
    blocks = _blocks(history)
    columns = _columns([len(block.panels) for block in blocks])
    gaps = _gap_numbers(history)
    width = max(2, columns)
    title = f"{history_title(history)}; accuracy in %, 95% intervals"
    title_lines = textwrap.wrap(printable(title), width * _TITLE_CHARACTERS)
    notes = _notes(history, gaps, width * _NOTE_CHARACTERS)
    rows = list(dict.fromkeys(series.row for series in history.series))
    legend_lines = math.ceil(len(rows) / width) if len(rows) > 1 else 0
    heights = [math.ceil(len(block.panels) / columns) * _PANEL[1] for block in blocks]
    page = _Page(
        _LEFT + width * _PANEL[0],
        2 * _MARGIN
        + _LINE * (len(title_lines) + legend_lines + 1)
        + sum(height + _BLOCK_TITLE + _VERSIONS for height in heights)
        + _NOTE_LINE * len(notes),
    )
    page.write(title_lines, _LINE, fontsize=10)
    if legend_lines:
        page.draw_legend(rows, width)
    page.skip(_LINE)
    for block, height in zip(blocks, heights, strict=True):
        page.write([block.title], _BLOCK_TITLE, fontsize=9, fontweight="bold")
        page.draw_panels(block, columns, history, gaps)
        page.skip(height + _VERSIONS)
    page.write(notes, _NOTE_LINE, fontsize=7)
    return page.figure


class _Page:
    """A figure that is filled from the top; lengths are in inches."""

    def __init__(self, width: float, height: float) -> None:
        from matplotlib.figure import Figure

        self.figure = Figure(figsize=(width, height))
        self._width, self._height = width, height
        self._used = _MARGIN

    def skip(self, height: float) -> None:
        """Go down by this much."""
        self._used += height

    def write(self, lines: Sequence[str], height: float, **style: Any) -> None:
        """Write lines of text."""
        for line in lines:
            x, y = self._place(_MARGIN)
            add_text(self.figure, x, y, printable(line), va="top", **style)
            self.skip(height)

    def draw_legend(self, rows: Sequence[str], columns: int) -> None:
        """A line in the colour of each row, with its label."""
        from matplotlib.lines import Line2D

        for number, row in enumerate(rows):
            left = _MARGIN + number % columns * _PANEL[0]
            x, y = self._place(left, _LINE / 2)
            end, _ = self._place(left + 0.25)
            self.figure.add_artist(Line2D([x, end], [y, y], **row_style(number)))
            label = shorten(printable(row), _MAX_NAME)
            add_text(self.figure, self._place(left + 0.32)[0], y, label, va="center_baseline")
            if number % columns == columns - 1 or number == len(rows) - 1:
                self.skip(_LINE)

    def draw_panels(
        self, block: _Block, columns: int, history: History, gaps: Mapping[str, int]
    ) -> None:
        """The panels of a block; those without a panel below have the names of versions."""
        for number, (measure, several) in enumerate(block.panels.items()):
            row, column = divmod(number, columns)
            x, y = self._place(_LEFT + column * _PANEL[0], (row + 1) * _PANEL[1])
            axes = self.figure.add_axes((x, y, _AXES[0] / self._width, _AXES[1] / self._height))
            HistoryPanel(axes, history, gaps).draw(measure, several)
            axes.tick_params(
                labelleft=column == 0, labelbottom=number + columns >= len(block.panels)
            )

    def _place(self, left: float, down: float = 0.0) -> tuple[float, float]:
        """A place in fractions of the figure."""
        return left / self._width, 1 - (self._used + down) / self._height


def _columns(numbers: Sequence[int]) -> int:
    """The number of columns that leaves the fewest places empty."""
    if max(numbers) <= max(_COLUMNS):
        return max(numbers)
    return min(_COLUMNS, key=lambda columns: sum(-number % columns for number in numbers))


def _blocks(history: History) -> list[_Block]:
    """The blocks in the order of the series; clean accuracy is in the first block of a dataset."""
    found: dict[tuple[str, str, str | None], dict[str, list[Series]]] = {}
    for series in history.series:
        tracks = [
            other.track
            for other in history.series
            if (other.dataset, other.split) == (series.dataset, series.split) and other.track
        ]
        track = series.track or next(iter(tracks), None)
        panels = found.setdefault((series.dataset, series.split, track), {})
        panels.setdefault(series.measure, []).append(series)
    return [
        _Block(
            f"{shorten(dataset, _MAX_NAME)} ({split})" + (f", {track} track" if track else ""), p
        )
        for (dataset, split, track), p in found.items()
    ]


def _gap_numbers(history: History) -> dict[str, int]:
    """A number for each sentence about why versions could not be compared, or what was allowed."""
    points = [point for series in history.series for point in series.points]
    found = dict.fromkeys(sentence for p in points if (sentence := gap_or_allowed(p)))
    return {sentence: number for number, sentence in enumerate(found, 1)}


def _notes(history: History, gaps: Mapping[str, int], width: int) -> list[str]:
    sentences = [
        *(f"{number}: {sentence}" for sentence, number in gaps.items()),
        *accepted_sentences(history),
        *skipped_sentences(history),
        *history.notes,
        *method_sentences(history),
    ]
    return [line for text in sentences for line in textwrap.wrap(printable(text), width)]
