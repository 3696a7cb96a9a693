"""Checks of what records say about when and how they were made."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from robustbert.leaderboard.checks.problem import Problem
from robustbert.leaderboard.checks.results_files import ReadResults
from robustbert.records.fields import TIMESTAMP_FORMAT

# Clocks differ.
_TOLERANCE = timedelta(days=1)


def uncommitted_changes(results: ReadResults) -> Iterator[Problem]:
    """Records of a checkout with uncommitted changes, whose code nobody else has."""
    for path, record in results.records.items():
        if record.environment.dirty:
            message = "the code had uncommitted changes; commit them and run the cell again"
            yield Problem(path, message)


def future_dates(results: ReadResults) -> Iterator[Problem]:
    """Records from the future."""
    latest = (datetime.now(UTC) + _TOLERANCE).strftime(TIMESTAMP_FORMAT)
    for path, record in results.records.items():
        if record.created_at is not None and record.created_at > latest:
            yield Problem(path, f"created_at is in the future: {record.created_at}")


def foreign_commands(results: ReadResults) -> Iterator[Problem]:
    """Commands that do more than to run robustbert; readers of the site copy them into a shell."""
    for path, record in results.records.items():
        if record.command is not None and not _is_plain(record.command):
            message = "the command is not one quoted call of robustbert; file the record as written"
            yield Problem(path, message)


def _is_plain(command: str) -> bool:
    try:
        words = shlex.split(command)
    except ValueError:
        return False
    return words[:1] == ["robustbert"] and shlex.join(words) == command
