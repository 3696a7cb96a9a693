"""The report of a data check for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from robustbert.console import wrapped
from robustbert.data_checks.data_report import CheckResult, DataReport, Finding
from robustbert.data_checks.report_view import (
    CHECK_HEADER,
    MAX_ROWS,
    SPLIT_HEADER,
    check_row,
    excerpt,
    facts_text,
    loading_text,
    note_text,
    place_text,
    split_row,
    summary,
)
from robustbert.reports.render import text_table
from robustbert.reports.wording import counted

_MIN_EXCERPT = 20


def data_report_text(report: DataReport, width: int, num_examples: int = 5) -> str:
    """Format a report for the terminal; texts are cut, and shown literally.

    Args:
        report: the report.
        width: of the terminal, in characters.
        num_examples: how many findings of each check are shown.
    """
    parts = [
        wrapped(summary(report), width),
        text_table(
            SPLIT_HEADER,
            [split_row(split) for split in report.splits],
            width,
            left=("smallest class", "largest class"),
        ),
        text_table(CHECK_HEADER, list(map(check_row, report.checks)), width, left=("result",)),
        *("\n".join(_details(check, width, num_examples)) for check in report.checks),
        wrapped(loading_text(report), width),
    ]
    if report.skipped:
        parts.append(wrapped(f"Skipped: {', '.join(report.skipped)}", width))
    return "\n\n".join(parts) + "\n"


def _details(check: CheckResult, width: int, num_examples: int) -> Iterator[str]:
    """What a check means, what else it measured, and examples of what it found."""
    yield wrapped(f"{check.name}: {check.meaning}", width, others="  ")
    if facts := facts_text(check):
        yield wrapped(facts, width, "  ")
    for finding in check.findings[:num_examples]:
        yield from _finding(finding, width)
    hidden = len(check.findings) - num_examples
    if num_examples and hidden > 0:
        yield f"  ({counted(hidden, 'more finding')})"


def _finding(finding: Finding, width: int) -> Iterator[str]:
    """A line per row, the note in the first one."""
    for number, row in enumerate(finding.rows[:MAX_ROWS]):
        start = "  - " if number == 0 else "    "
        note = f", {note_text(finding)}" if finding.note and number == 0 else ""
        place = f"{start}{place_text(row)}{note}"
        if row.text.strip():
            place += ": "
            place += excerpt(row, max(_MIN_EXCERPT, width - len(place)))
        yield place
    hidden = len(finding.rows) - MAX_ROWS
    if hidden > 0:
        yield f"    ({counted(hidden, 'more row')})"
