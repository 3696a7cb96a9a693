"""Draw a history as SVG."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from robustbert.console import printable
from robustbert.gate.history.history_data import History, Series
from robustbert.gate.history.history_panel import HistoryPanel
from robustbert.gate.history.history_wording import (
    accepted_sentences,
    gap_or_allowed,
    history_title,
    method_sentences,
    skipped_sentences,
)
from robustbert.reports.escape import shorten
from robustbert.reports.plots.plot_page import (
    LINE,
    MARGIN,
    NOTE_LINE,
    PlotPage,
    legend_height,
    panel_columns,
)
from robustbert.reports.plots.plot_style import figure_bytes, line_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MAX_NAME = 40
_TITLE_CHARACTERS, _NOTE_CHARACTERS = 30, 52  # per column of panels
# Lengths in inches.
_LEFT, _PANEL, _AXES = 0.4, (2.7, 1.75), (2.45, 1.33)
_BLOCK_TITLE, _VERSIONS = 0.18, 0.8


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
    title = history_title(history)
    return figure_bytes(lambda: history_figure(history), title, "svg").decode("utf-8")


def history_figure(history: History) -> Figure:
    """The figure that :func:`history_svg` writes."""
    blocks = _blocks(history)
    columns = panel_columns([len(block.panels) for block in blocks])
    gaps = _gap_numbers(history)
    width = max(2, columns)
    title = f"{history_title(history)}; accuracy in %, 95% intervals"
    title_lines = textwrap.wrap(printable(title), width * _TITLE_CHARACTERS)
    notes = _notes(history, gaps, width * _NOTE_CHARACTERS)
    rows = list(dict.fromkeys(series.row for series in history.series))
    labels = rows if len(rows) > 1 else []
    heights = [math.ceil(len(block.panels) / columns) * _PANEL[1] for block in blocks]
    page = PlotPage(
        _LEFT + width * _PANEL[0],
        2 * MARGIN
        + LINE * (len(title_lines) + 1)
        + legend_height(labels, width)
        + sum(height + _BLOCK_TITLE + _VERSIONS for height in heights)
        + NOTE_LINE * len(notes),
    )
    page.write(title_lines, LINE, fontsize=10)
    _draw_legend(page, labels, width)
    page.skip(LINE)
    for block, height in zip(blocks, heights, strict=True):
        page.write([block.title], _BLOCK_TITLE, fontsize=9, fontweight="bold")
        _draw_panels(page, block, columns, history, gaps)
        page.skip(height + _VERSIONS)
    page.write(notes, NOTE_LINE, fontsize=7)
    return page.figure


def _draw_legend(page: PlotPage, rows: Sequence[str], columns: int) -> None:
    """A line in the colour of each row, with its label."""
    from matplotlib.lines import Line2D

    def sample(number: int, left: float, right: float, y: float) -> Line2D:
        return Line2D([left, right], [y, y], **line_style(number))

    page.legend([shorten(printable(row), _MAX_NAME) for row in rows], sample, columns, _PANEL[0])


def _draw_panels(
    page: PlotPage, block: _Block, columns: int, history: History, gaps: Mapping[str, int]
) -> None:
    """The panels of a block; those without a panel below have the names of versions."""
    for number, (measure, several) in enumerate(block.panels.items()):
        row, column = divmod(number, columns)
        axes = page.axes(_LEFT + column * _PANEL[0], (row + 1) * _PANEL[1], *_AXES)
        HistoryPanel(axes, history, gaps).draw(measure, several)
        axes.tick_params(labelleft=column == 0, labelbottom=number + columns >= len(block.panels))


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
