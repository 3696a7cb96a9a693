"""The report of a data check as a self-contained HTML page."""

from __future__ import annotations

from typing import Any

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
from robustbert.reports.pages import render_page
from robustbert.reports.wording import counted

_EXCERPT = 300
_BADGES = {True: "good", False: "bad", None: "empty"}


def data_report_page(report: DataReport, num_examples: int = 20) -> str:
    """Make a page with the checks and examples of what they found.

    The page holds parts of the texts, shows them literally, and makes no request.

    Args:
        report: the report.
        num_examples: how many findings of each check are shown.
    """
    return render_page(
        "data_report.html",
        package=__package__,
        styles=["data_report.css"],
        title=f"Data check of {report.dataset}",
        summary=summary(report),
        split_header=SPLIT_HEADER,
        splits=[split_row(split) for split in report.splits],
        check_header=CHECK_HEADER,
        checks=[_check(check, num_examples) for check in report.checks],
        loading=loading_text(report),
        loads=report.loading.error is None,
        skipped=", ".join(report.skipped),
        libraries=", ".join(report.libraries),
    )


def _check(check: CheckResult, num_examples: int) -> dict[str, Any]:
    return {
        "name": check.name,
        "meaning": check.meaning,
        "cells": check_row(check)[1:-1],
        "result": check_row(check)[-1],
        "badge": _BADGES[check.passed],
        "facts": facts_text(check),
        "findings": list(map(_finding, check.findings[:num_examples])),
        "hidden": _hidden(len(check.findings) - num_examples, "finding"),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "note": note_text(finding),
        "rows": [
            {"place": place_text(row), "text": excerpt(row, _EXCERPT)}
            for row in finding.rows[:MAX_ROWS]
        ],
        "hidden": _hidden(len(finding.rows) - MAX_ROWS, "row"),
    }


def _hidden(number: int, noun: str) -> str:
    """How many are not shown; empty if all are."""
    return counted(number, f"more {noun}") if number > 0 else ""
