"""Draw a history as SVG."""

from __future__ import annotations

import io
import math
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from robustbert.console import printable
from robustbert.gate.comparison_wording import measure_title
from robustbert.gate.history_data import Change, History, Point, Series
from robustbert.gate.history_wording import (
    ACCEPTED_MARK,
    accepted_sentences,
    history_title,
    method_sentences,
    skipped_sentences,
    step_mark,
)
from robustbert.reports.escape import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito 2008: distinct for all common kinds of colour blindness.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DROP_COLOR, _RISE_COLOR, _GAP_COLOR = "#B3261E", "#00695C", "#777777"
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
_PANEL = (2.7, 1.75)  # inches
_TITLE = 0.25  # inches per line
_LABELS = 0.75  # inches, below the lowest panels of a block and above each block
_LINE = 0.16  # inches per line of the notes
_MAX_TICKS = 8
_MAX_MARKERS = 40  # with more versions, markers would hide the line
_MAX_NAME = 40
_MAX_MEASURE = 24
_TITLE_WIDTH = 30  # characters per column of panels
_NOTE_WIDTH = 54  # characters per column of panels
_CLOSE = 0.25  # labels of steps closer than this share of the axis are put above one another


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
        figure = _figure(history)
        title = printable(history_title(history))
        figure.savefig(
            output, format="svg", metadata={"Title": title, "Creator": None, "Date": None}
        )
    return output.getvalue().decode("utf-8")


def _figure(history: History) -> Figure:
    from matplotlib.figure import Figure

    blocks = _blocks(history)
    columns = _columns([len(block.panels) for block in blocks])
    gaps = _gap_numbers(history)
    notes = _notes(history, gaps, columns)
    heights = [math.ceil(len(b.panels) / columns) * _PANEL[1] + 2 * _LABELS for b in blocks]
    title = f"{history_title(history)}; accuracy in %, 95% intervals"
    head = textwrap.wrap(printable(title), max(2, columns) * _TITLE_WIDTH)
    heights = [_TITLE * (len(head) + (len(_rows(history)) > 1)), *heights, _LINE * (2 + len(notes))]
    figure = Figure(figsize=(max(2, columns) * _PANEL[0], sum(heights)), layout="constrained")
    parts: Any = figure.subfigures(len(heights), 1, height_ratios=heights)
    _draw_head(parts[0], head, _rows(history))
    for part, block in zip(parts[1:-1], blocks, strict=True):
        _draw_block(part, block, history, columns, gaps)
    _text(parts[-1], 0.01, 0.98, "\n".join(notes), va="top", fontsize=7, linespacing=1.4)
    return figure


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
    """A number for each reason why versions could not be compared."""
    gaps = dict.fromkeys(p.gap for series in history.series for p in series.points if p.gap)
    return {gap: number for number, gap in enumerate(gaps, 1)}


def _notes(history: History, gaps: dict[str, int], columns: int) -> list[str]:
    sentences = [
        *(f"{number}: not comparable with the version before: {g}" for g, number in gaps.items()),
        *accepted_sentences(history),
        *skipped_sentences(history),
        *history.notes,
        *method_sentences(history),
    ]
    width = max(2, columns) * _NOTE_WIDTH
    return [line for text in sentences for line in textwrap.wrap(printable(text), width)]


def _draw_head(part: Any, title: Sequence[str], rows: Sequence[str]) -> None:
    """The title, and a legend of the rows if there are several."""
    from matplotlib.lines import Line2D

    _text(part, 0.01, 1, "\n".join(title), va="top", fontsize=10)
    if len(rows) > 1:
        handles = [Line2D([], [], color=_color(i), ls=_dashes(i)) for i in range(len(rows))]
        legend = part.legend(
            handles, ["row"] * len(rows), loc="lower left", ncols=max(_COLUMNS), frameon=False
        )
        for text, row in zip(legend.get_texts(), rows, strict=True):
            text.set_parse_math(False)
            text.set_text(shorten(printable(row), _MAX_NAME))


def _rows(history: History) -> list[str]:
    return list(dict.fromkeys(series.row for series in history.series))


def _draw_block(
    part: Any, block: _Block, history: History, columns: int, gaps: dict[str, int]
) -> None:
    part.suptitle(
        printable(block.title), x=0.01, ha="left", fontsize=9, fontweight="bold", parse_math=False
    )
    rows = math.ceil(len(block.panels) / columns)
    grid = part.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flatten()
    for number, (axes, (measure, several)) in enumerate(
        zip(grid, block.panels.items(), strict=False)
    ):
        _Panel(axes, history, gaps).draw(measure, several)
        axes.tick_params(labelbottom=number + columns >= len(block.panels))
    for axes in grid[len(block.panels) :]:
        axes.set_axis_off()


class _Panel:
    """One measure on one dataset and track."""

    def __init__(self, axes: Axes, history: History, gaps: dict[str, int]) -> None:
        self._axes, self._history, self._gaps = axes, history, gaps
        self._last_label = -math.inf
        self._is_raised = False

    def draw(self, measure: str, several: Sequence[Series]) -> None:
        """Draw the series of all rows."""
        axes, number = self._axes, len(self._history.snapshots)
        name = shorten(printable(measure_title(measure)), _MAX_MEASURE)
        axes.set_title(name, loc="left", fontsize=8, pad=16, parse_math=False)
        axes.set_ylim(0, 100)
        axes.set_yticks([0, 25, 50, 75, 100])
        axes.set_xlim(-0.5, number - 0.5)
        axes.grid(axis="y", color="#DDDDDD", linewidth=0.5)
        axes.set_axisbelow(True)
        self._label_versions()
        rows = _rows(self._history)
        for series in several:
            self._draw_series(series, rows.index(series.row))
        for position, snapshot in enumerate(self._history.snapshots):
            if snapshot.acceptances:
                _text(axes, position, 97, f"{ACCEPTED_MARK} ", ha="right", va="top")
        drift = several[0].drift if len(several) == 1 else None
        if drift is not None and drift.is_step:
            label = f"first to last {step_mark(drift)} {100 * drift.value:+.1f}"
            axes.set_title(
                label, loc="right", fontsize=7, pad=16, color=_step_color(drift), parse_math=False
            )

    def _label_versions(self) -> None:
        snapshots = self._history.snapshots
        stride = math.ceil(len(snapshots) / _MAX_TICKS)
        ticks = range(len(snapshots) - 1, -1, -stride)
        labels = [f"{snapshots[i].date}\n{snapshots[i].short_commit}".strip() for i in ticks]
        self._axes.set_xticks(list(ticks))
        self._axes.set_xticklabels(labels, rotation=90, fontsize=6, parse_math=False)

    def _draw_series(self, series: Series, row: int) -> None:
        for segment in _segments(series.points):
            self._draw_segment(segment, row)
        for point in series.points:
            if point.change is not None and point.change.is_step:
                self._mark_step(point.snapshot, point.change)
            if point.gap is not None:
                x = point.snapshot - 0.5
                self._axes.axvline(x, color=_GAP_COLOR, linewidth=0.7, linestyle=":")
                number = str(self._gaps[point.gap])
                _text(self._axes, x, 97, f" {number}", va="top", fontsize=6.5, color=_GAP_COLOR)

    def _draw_segment(self, points: Sequence[Point], row: int) -> None:
        shown = [p for p in points if None not in (p.accuracy.value, p.accuracy.low)]
        x = [point.snapshot for point in shown]
        value, low, high = (
            [100 * (getattr(point.accuracy, part) or 0.0) for point in shown]
            for part in ("value", "low", "high")
        )
        has_markers = len(self._history.snapshots) <= _MAX_MARKERS or len(shown) == 1
        self._axes.plot(x, value, color=_color(row), linestyle=_dashes(row), linewidth=1.2,
                        marker="o" if has_markers else None, markersize=2.5)  # fmt: skip
        if len(shown) == 1:
            self._axes.vlines(x, low, high, color=_color(row), linewidth=1.2)
        else:
            self._axes.fill_between(x, low, high, color=_color(row), alpha=0.18, linewidth=0)

    def _mark_step(self, x: int, change: Change) -> None:
        """A vertical line with the change above it; labels that are close alternate in height."""
        axes, color = self._axes, _step_color(change)
        axes.axvline(x, color=color, linewidth=0.9, linestyle=(0, (4, 2)))
        is_close = abs(x - self._last_label) < _CLOSE * len(self._history.snapshots)
        self._is_raised = is_close and not self._is_raised
        self._last_label = x
        label = f"{step_mark(change)} {100 * change.value:+.1f}"
        _text(axes, x, 110 if self._is_raised else 101, label, ha="center", va="bottom",
              fontsize=6.5, color=color)  # fmt: skip


def _segments(points: Sequence[Point]) -> Iterator[list[Point]]:
    """The points between gaps."""
    segment: list[Point] = []
    for point in points:
        if point.gap is not None and segment:
            yield segment
            segment = []
        segment.append(point)
    yield segment


def _text(place: Any, x: float, y: float, text: str, **style: Any) -> None:
    """Add a text that is no formula, whatever it contains."""
    place.text(x, y, text, parse_math=False, **style)


def _color(row: int) -> str:
    return _COLORS[row % len(_COLORS)]


def _dashes(row: int) -> str:
    return ("-", "--", "-.", ":")[row // len(_COLORS) % 4]


def _step_color(change: Change) -> str:
    return _DROP_COLOR if change.value < 0 else _RISE_COLOR
