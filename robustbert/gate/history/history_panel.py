"""Draw one accuracy of a history: a panel of the plot."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from robustbert.console import printable
from robustbert.gate.comparison.comparison_notation import ALLOWED_MARK, measure_title
from robustbert.gate.history.history_data import Change, History, Point, Series
from robustbert.gate.history.history_wording import ACCEPTED_MARK, gap_or_allowed, step_mark
from robustbert.reports.escape import shorten
from robustbert.reports.plots.plot_style import GRID, add_text, line_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DROP_COLOR, _RISE_COLOR, _GAP_COLOR = "#B3261E", "#00695C", "#777777"
_MAX_TICKS = 8
_MAX_MARKERS = 40  # with more versions, markers would hide the line
_MAX_MEASURE = 24
_CLOSE = 0.25  # labels of steps closer than this share of the axis are put above one another


class HistoryPanel:
    """One measure on one dataset and track.

    Args:
        axes: where it is drawn.
        history: the history.
        gaps: a number for each sentence about what differs between two versions.
    """

    def __init__(self, axes: Axes, history: History, gaps: Mapping[str, int]) -> None:
        self._axes, self._history, self._gaps = axes, history, gaps
        self._last_label = -math.inf
        self._is_raised = False

    def draw(self, measure: str, several: Sequence[Series]) -> None:
        """Draw the series of all rows."""
        axes, number = self._axes, len(self._history.snapshots)
        name = shorten(printable(measure_title(measure)), _MAX_MEASURE)
        axes.set_title(name, loc="left", fontsize=8, pad=15, parse_math=False)
        axes.set_ylim(0, 100)
        axes.set_yticks([0, 25, 50, 75, 100])
        axes.set_xlim(-0.5, number - 0.5)
        axes.grid(axis="y", color=GRID, linewidth=0.5)
        axes.set_axisbelow(True)
        self._label_versions()
        rows = list(dict.fromkeys(one.row for one in self._history.series))
        for series in several:
            self._draw_series(series, rows.index(series.row))
        for position, snapshot in enumerate(self._history.snapshots):
            if snapshot.acceptances:
                add_text(axes, position, 97, f"{ACCEPTED_MARK} ", ha="right", va="top")
        drift = several[0].drift if len(several) == 1 else None
        if drift is not None and drift.is_step:
            label = f"first to last {step_mark(drift)} {100 * drift.value:+.1f}"
            axes.set_title(
                label, loc="right", fontsize=7, pad=15, color=_step_color(drift), parse_math=False
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
            if (sentence := gap_or_allowed(point)) is not None:
                x = point.snapshot - 0.5
                self._axes.axvline(x, color=_GAP_COLOR, linewidth=0.7, linestyle=":")
                label = f" {ALLOWED_MARK if point.allowed else ''}{self._gaps[sentence]}"
                accepted = self._history.snapshots[point.snapshot].acceptances
                y = 88 if accepted else 97  # below the mark of an acceptance
                add_text(self._axes, x, y, label, va="top", fontsize=6.5, color=_GAP_COLOR)

    def _draw_segment(self, points: Sequence[Point], row: int) -> None:
        shown = [point for point in points if point.accuracy.value is not None]
        x = [point.snapshot for point in shown]
        value, low, high = (
            [100 * (getattr(point.accuracy, part) or 0.0) for point in shown]
            for part in ("value", "low", "high")
        )
        style, is_single = line_style(row), len(shown) == 1
        has_markers = is_single or len(self._history.snapshots) <= _MAX_MARKERS
        self._axes.plot(x, value, marker="o" if has_markers else None, markersize=2.5, **style)
        if is_single:
            self._axes.vlines(x, low, high, color=style["color"], linewidth=1.2)
        else:
            self._axes.fill_between(x, low, high, color=style["color"], alpha=0.18, linewidth=0)

    def _mark_step(self, x: int, change: Change) -> None:
        """A vertical line with the change above it; labels that are close alternate in height."""
        axes, color = self._axes, _step_color(change)
        axes.axvline(x, color=color, linewidth=0.9, linestyle=(0, (4, 2)))
        is_close = abs(x - self._last_label) < _CLOSE * len(self._history.snapshots)
        self._is_raised = is_close and not self._is_raised
        self._last_label = x
        label = f"{step_mark(change)} {100 * change.value:+.1f}"
        add_text(axes, x, 110 if self._is_raised else 101, label, ha="center", va="bottom",
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


def _step_color(change: Change) -> str:
    return _DROP_COLOR if change.value < 0 else _RISE_COLOR
