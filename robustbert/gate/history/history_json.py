"""A history as JSON."""

from __future__ import annotations

import json
from typing import Any

from robustbert.gate.history.history_data import Change, History, Point, Series, Snapshot
from robustbert.version import __version__


def history_json(history: History) -> str:
    """Format a history as JSON: numbers are unrounded, null where there is none."""
    content = {
        "history_version": 1,
        "robustbert_version": __version__,
        "path": history.name,
        "alpha": history.alpha,
        "tests": history.num_tests,
        "notes": list(history.notes),
        "versions": [_version(snapshot) for snapshot in history.snapshots],
        "series": [_series(series) for series in history.series],
    }
    return json.dumps(content, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _version(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "commit": snapshot.commit,
        "date": snapshot.date or None,
        "subject": snapshot.subject or None,
        "problem": snapshot.problem,
        "acceptances": [acceptance.model_dump() for acceptance in snapshot.acceptances],
    }


def _series(series: Series) -> dict[str, Any]:
    return {
        "row": series.row,
        "dataset": series.dataset,
        "split": series.split,
        "track": series.track,
        "measure": series.measure,
        "points": [_point(point) for point in series.points],
        "first_to_last": _change(series.drift),
        "first_to_last_not_comparable": series.drift_gap,
        "first_to_last_allowed": list(series.drift_allowed),
    }


def _point(point: Point) -> dict[str, Any]:
    return {
        "version": point.snapshot,
        "accuracy": point.accuracy.model_dump(),
        "change": _change(point.change),
        "not_comparable": point.gap,
        "allowed": list(point.allowed),
    }


def _change(change: Change | None) -> dict[str, Any] | None:
    """A change; its interval is computed for steps only, because it takes long for hundreds."""
    if change is None:
        return None
    difference = change.difference() if change.is_step else None
    return {
        "value": change.value,
        "low": difference.low if difference else None,
        "high": difference.high if difference else None,
        "n": change.n,
        "lost": change.lost,
        "gained": change.gained,
        "p_value": change.p_value,
        "adjusted_p": change.adjusted_p,
        "step": change.is_step,
    }
