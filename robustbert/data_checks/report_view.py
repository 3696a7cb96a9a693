"""What the reports for the terminal and for browsers show of a check."""

from __future__ import annotations

from robustbert.console import printable
from robustbert.data_checks.data_report import (
    CheckedRow,
    CheckResult,
    DataReport,
    Finding,
    SplitSummary,
)
from robustbert.reports.escape import shorten
from robustbert.reports.wording import MISSING, counted, listed

#: How many rows of one finding are shown.
MAX_ROWS = 3
_LEAD = 30  # characters before a finding in a text
_MAX_LABEL_WIDTH = 40
_MAX_NOTE_WIDTH = 80  # all kinds of damage at once fit

SPLIT_HEADER = ("split", "rows", "smallest class", "largest class", "words: quartiles", "longest")
CHECK_HEADER = ("check", "measured", "limit", "rows", "result")


def summary(report: DataReport) -> str:
    """The verdict in one line."""
    failed = report.failed
    data = f"{report.num_rows:,} rows, {len(report.label_names)} classes"
    verdict = f"{len(failed)} of {counted(len(report.checks), 'check')} failed"
    names = f" ({listed(failed)})" if failed else ""
    loading = "" if report.loading.error is None else "; the data cannot be loaded"
    return f"{report.dataset} ({report.source}), {data}: {verdict}{names}{loading}"


def split_row(split: SplitSummary) -> list[str]:
    """The cells of a split, as :data:`SPLIT_HEADER` names them."""
    ordered = sorted(split.classes, key=lambda one: one.num_rows)
    words = split.words
    quartiles, longest = MISSING, MISSING
    if words is not None:
        numbers = (words.lower_quartile, words.median, words.upper_quartile)
        quartiles = ", ".join(f"{number:g}" for number in numbers)
        longest = f"{words.longest:,}"
    classes = (
        f"{_label_text(one.label)} ({percent_text(one.num_rows / split.num_rows)})"
        for one in (ordered[0], ordered[-1])
    )
    return [printable(split.split), f"{split.num_rows:,}", *classes, quartiles, longest]


def check_row(check: CheckResult) -> list[str]:
    """The cells of a check, as :data:`CHECK_HEADER` names them."""
    found = ""
    if check.num_found is not None:
        found = f"{check.num_found:,} of {check.num_rows:,}"
    return [
        check.name,
        MISSING if check.value is None else percent_text(check.value),
        f"{check.kind} {percent_text(check.limit)}",
        found,
        result_text(check),
    ]


def result_text(check: CheckResult) -> str:
    """The result of a check in one or two words."""
    return {True: "ok", False: "failed", None: "not measured"}[check.passed]


def percent_text(share: float) -> str:
    """A share in percent, with more digits where it would look like 0% or 100% and is not.

    >>> percent_text(0), percent_text(0.1234), percent_text(0.00012), percent_text(0.9996)
    ('0%', '12.3%', '0.012%', '99.96%')
    """
    if share == 0 or share == 1:
        return f"{100 * share:.0f}%"
    if share < 0.001:
        return f"{100 * share:.2g}%"
    if share < 0.999:
        return f"{100 * share:.1f}%"
    return f"{100 - float(f'{100 * (1 - share):.2g}'):.10g}%"


def facts_text(check: CheckResult) -> str:
    """What else was measured, or why the check was not measured."""
    if check.reason is not None:
        return f"not measured: {check.reason}"
    return "; ".join(f"{name}: {_fact_text(name, value)}" for name, value in check.facts.items())


def _fact_text(name: str, value: str | int | float | None) -> str:
    if value is None:
        return MISSING
    if isinstance(value, float):
        return f"{value:.2g}" if name == "p-value" else percent_text(value)
    return f"{value:,}" if isinstance(value, int) else _label_text(value)


def _label_text(label: str) -> str:
    """A label, shortened: with the wrong column, labels are whole texts."""
    return shorten(printable(label), _MAX_LABEL_WIDTH)


def place_text(row: CheckedRow) -> str:
    """The split, the number and the label of a row."""
    return f"{printable(row.split)} {row.row} ({_label_text(row.label)})"


def note_text(finding: Finding) -> str:
    """What was found, shortened."""
    return shorten(printable(finding.note), _MAX_NOTE_WIDTH)


def excerpt(row: CheckedRow, width: int) -> str:
    """At most ``width`` characters of the text of a row, around what was found, on one line."""
    begin = max(0, row.start - _LEAD)
    text = row.text[begin:]
    before = "…" if begin else ""
    shown = printable(text[: 2 * width])
    room = width - len(before)
    if len(shown) > room or len(text) > 2 * width:
        shown = f"{shown[: room - 1]}…"
    return before + shown


def loading_text(report: DataReport) -> str:
    """What loading the data drops, in one sentence."""
    loading = report.loading
    if loading.error is not None or loading.splits is None:
        return f"Loading these data fails: {loading.error}"
    numbers = {
        "empty": loading.empty,
        "repeated": loading.duplicates,
        "with conflicting labels": loading.conflicts,
        "close to a row of another split": loading.overlaps,
    }
    dropped = {name: number for name, number in numbers.items() if number}
    parts = listed([f"{number:,} {name}" for name, number in dropped.items()])
    rows = f"{counted(sum(dropped.values()), 'row')} ({parts})" if dropped else "no row"
    left = listed([f"{number:,} {name}" for name, number in loading.splits.items()])
    breaks = (
        f" In {loading.html_breaks:,} texts <br /> becomes a space." if loading.html_breaks else ""
    )
    return f"Loading these data drops {rows} and leaves {left} rows.{breaks}"
