"""Format a history for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from robustbert.console import printable, wrapped
from robustbert.gate.comparison.comparison_notation import ALLOWED_MARK
from robustbert.gate.history.history_data import History, Point, Series, Snapshot
from robustbert.gate.history.history_wording import (
    ACCEPTED_MARK,
    accepted_sentences,
    allowed_sentence,
    change_text,
    drift_sentence,
    gap_sentence,
    history_title,
    method_sentences,
    series_title,
    skipped_sentences,
    step_mark,
    step_sentences,
)
from robustbert.records import Metric
from robustbert.reports.escape import shorten
from robustbert.reports.wording import percent

_BAR_WIDTH = 25  # one character is four points
_ACCURACY_WIDTH = len("100.0 [100.0, 100.0]")
_STEP_WIDTH = len("▼ -10.0 [-15.0, -10.0], p = 0.0001")
_MIN_SUBJECT, _MAX_SUBJECT = 12, 50


def history_text(history: History, width: int = 140) -> str:
    """Format a history for the terminal: the versions of each accuracy, one per line, and notes.

    Args:
        history: the result of :func:`robustbert.gate.read_history`.
        width: of the terminal, in characters.
    """
    findings = [wrapped(sentence, width, "- ") for sentence in step_sentences(history)]
    parts = ["\n".join([printable(history_title(history)), *findings])]
    parts += ["\n".join(_series(history, series, width)) for series in history.series]
    notes = [
        *accepted_sentences(history),
        *skipped_sentences(history),
        *history.notes,
        *method_sentences(history),
    ]
    parts.append("\n".join(wrapped(note, width, "- ") for note in notes))
    return "\n\n".join(parts) + "\n"


def _series(history: History, series: Series, width: int) -> Iterator[str]:
    shown = [history.snapshots[point.snapshot] for point in series.points]
    subject = _subject_width(shown, width)
    label = len(_label(shown[0], subject))
    yield shorten(printable(series_title(history, series)), width)
    yield f"{'':{label}}  {'accuracy in %':>{_ACCURACY_WIDTH}}  {_scale()}"
    for snapshot, point in zip(shown, series.points, strict=True):
        if point.gap is not None:
            yield wrapped(gap_sentence(point.gap), width, "  ~ ")
        if point.allowed:
            yield wrapped(allowed_sentence(point.allowed), width, f"  {ALLOWED_MARK} ")
        accuracy = f"{percent(point.accuracy):>{_ACCURACY_WIDTH}}"
        line = f"{_label(snapshot, subject)}  {accuracy}  {_bar(point.accuracy)}  {_step(point)}"
        yield line.rstrip()
    if (drift := drift_sentence(series)) is not None:
        yield wrapped(drift, width, "  ")


def _subject_width(snapshots: list[Snapshot], width: int) -> int:
    fixed = len(_label(snapshots[0], 0)) + _ACCURACY_WIDTH + _BAR_WIDTH + 2 + _STEP_WIDTH + 6
    longest = max(len(printable(snapshot.subject)) for snapshot in snapshots)
    return max(_MIN_SUBJECT, min(longest, _MAX_SUBJECT, width - fixed))


def _label(snapshot: Snapshot, width: int) -> str:
    """Commit, date and subject in columns; a subject is shortened to ``width`` characters."""
    subject = printable(snapshot.subject)
    short = subject if len(subject) <= width else f"{subject[: max(0, width - 1)]}…"
    mark = ACCEPTED_MARK if snapshot.acceptances else " "
    return f"{mark} {snapshot.short_commit}  {snapshot.date:10}  {short:{width}}"


def _bar(accuracy: Metric) -> str:
    """The value and its interval on a scale from 0 to 100%."""
    if accuracy.value is None or accuracy.low is None or accuracy.high is None:
        return f"│{'':{_BAR_WIDTH}}│"
    low, at, high = (
        min(_BAR_WIDTH - 1, int(share * _BAR_WIDTH))
        for share in (accuracy.low, accuracy.value, accuracy.high)
    )
    cells = ["─" if low <= i <= high else " " for i in range(_BAR_WIDTH)]
    cells[at] = "●"
    return f"│{''.join(cells)}│"


def _scale() -> str:
    middle = "50"
    return f"0{middle:^{_BAR_WIDTH}}100"[: _BAR_WIDTH + 4]


def _step(point: Point) -> str:
    change = point.change
    return f"{step_mark(change)} {change_text(change)}" if change and change.is_step else ""
