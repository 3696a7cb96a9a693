"""The names and sentences that the reports of a history share; names in them are not escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from robustbert.gate.comparison.comparison_notation import (
    ALLOWED_MARK,
    measure_title,
    p_in_sentence,
    points,
)
from robustbert.gate.history.history_data import Change, History, Point, Series, Snapshot
from robustbert.reports.wording import counted

#: Marks of a commit with an acceptance, a step down and a step up.
ACCEPTED_MARK = "†"
DROP_MARK = "▼"
RISE_MARK = "▲"
_MAX_FAILURES = 3


def series_title(history: History, series: Series) -> str:
    """Measure, track, dataset and split; the row too, if there are several."""
    track = f", {series.track} track" if series.track else ""
    row = f"{series.row}: " if len({one.row for one in history.series}) > 1 else ""
    return f"{row}{measure_title(series.measure)} on {series.dataset} ({series.split}){track}"


def history_title(history: History) -> str:
    """The file, the number of its versions and their dates."""
    dates = dict.fromkeys(snapshot.date for snapshot in history.snapshots if snapshot.date)
    ends = dict.fromkeys([*dates][:1] + [*dates][-1:])
    period = f", {' to '.join(ends)}" if ends else ""
    return f"History of {history.name}: {counted(len(history.snapshots), 'version')}{period}"


def step_mark(change: Change) -> str:
    """An arrow down or up."""
    return DROP_MARK if change.value < 0 else RISE_MARK


def change_text(change: Change) -> str:
    """A change in points with its interval, and its corrected p-value."""
    return f"{points(change.difference())}, {p_in_sentence(change.adjusted_p)}"


def snapshot_name(snapshot: Snapshot) -> str:
    """The commit and its date."""
    return f"{snapshot.short_commit} ({snapshot.date})" if snapshot.date else "the working tree"


def step_sentences(history: History) -> Iterator[str]:
    """What was found: the steps of each version, and the drift, one sentence each."""
    found = False
    for position, snapshot in enumerate(history.snapshots):
        changes = {
            series_title(history, series): point.change
            for series in history.series
            for point in series.points
            if point.snapshot == position and point.change is not None
        }
        for moved in _moved(changes):
            found = True
            yield f"{snapshot_name(snapshot)}: {moved}"
    if not found and history.num_tests:
        yield "No step was found from one version to the next."
    drifts = {series_title(history, s): s.drift for s in history.series if s.drift is not None}
    for moved in _moved(drifts):
        yield f"From the first to the last version: {moved}"


def _moved(changes: Mapping[str, Change]) -> Iterator[str]:
    """How many of the accuracies dropped, how many rose, and by how much at most."""
    steps = {title: change for title, change in changes.items() if change.is_step}
    for sign, verb in ((-1, "dropped"), (1, "rose")):
        values = {title: c.value for title, c in steps.items() if sign * c.value > 0}
        if values:
            most = max(values, key=lambda title: abs(values[title]))
            mark = DROP_MARK if sign < 0 else RISE_MARK
            yield (
                f"{mark} {len(values)} of {_accuracies(len(changes))} {verb}, most of "
                f"all {most}: {100 * values[most]:+.1f} points"
            )


def _accuracies(number: int) -> str:
    return f"{number} tested {'accuracy' if number == 1 else 'accuracies'}"


def accepted_sentences(history: History) -> Iterator[str]:
    """The reasons for baselines that did not pass, with the commit of each."""
    for snapshot in history.snapshots:
        for acceptance in snapshot.acceptances:
            more = len(acceptance.failures) - _MAX_FAILURES
            shown = acceptance.failures[:_MAX_FAILURES]
            failures = "; ".join([*shown, f"and {more} more"] if more > 0 else shown)
            yield (
                f"{ACCEPTED_MARK} {snapshot_name(snapshot)} was accepted: {acceptance.reason}"
                + (f" (what did not pass: {failures})" if failures else "")
            )


def skipped_sentences(history: History) -> Iterator[str]:
    """The versions that could not be read, with the reason."""
    for snapshot in history.snapshots:
        if snapshot.problem is not None:
            yield f"{snapshot_name(snapshot)} is left out: {snapshot.problem}"


def method_sentences(history: History) -> Iterator[str]:
    """How steps were found, and what is shown."""
    if history.num_tests:
        yield (
            f"{DROP_MARK} and {RISE_MARK} mark steps: changes from one version to the next whose "
            f"exact McNemar p, Holm-corrected for {counted(history.num_tests, 'test')}, is at most "
            f"{history.alpha:g}."
        )
    drifts = [series for series in history.series if series.drift]
    if drifts:
        yield (
            f"First to last: the same test between the first and the last version, Holm-corrected "
            f"for {counted(len(drifts), 'test')}: it finds many small drops."
        )
    yield "95% intervals: Wilson for accuracies, paired bootstrap for differences."
    if history.refused:
        yield (
            f"Versions that are not comparable can be compared nevertheless, with the mark "
            f"{ALLOWED_MARK}: --allow {','.join(history.refused)}"
        )


def drift_sentence(series: Series) -> str | None:
    """The change from the first to the last version; None if there are fewer than three."""
    if series.drift is not None:
        mark = f"  {step_mark(series.drift)}" if series.drift.is_step else ""
        allowed = f" {ALLOWED_MARK} {'; '.join(series.drift_allowed)}"
        return f"first to last: {change_text(series.drift)}{mark}" + (
            allowed if series.drift_allowed else ""
        )
    if series.drift_gap is not None:
        return f"first to last: not comparable ({series.drift_gap})"
    return None


def allowed_sentence(allowed: Sequence[str]) -> str:
    """What was allowed between a version and the one before it."""
    return f"allowed since the version before: {'; '.join(allowed)}"


def gap_or_allowed(point: Point) -> str | None:
    """Why a version was not compared with the one before it, or what was allowed; None if equal."""
    if point.gap is not None:
        return gap_sentence(point.gap)
    return f"{ALLOWED_MARK} {allowed_sentence(point.allowed)}" if point.allowed else None


def gap_sentence(gap: str) -> str:
    """Why a version was not compared with the one before it."""
    return f"not comparable with the version before: {gap}"
