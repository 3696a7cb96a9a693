"""Format the comparison with thresholds for the terminal."""

from __future__ import annotations

from itertools import groupby

from robustbert.console import printable
from robustbert.gate.threshold_checks import ThresholdCheck, ThresholdReport
from robustbert.reports.escape import shorten
from robustbert.reports.render import text_table
from robustbert.reports.wording import percent

_HEADER = ("model", "accuracy", "required", "measured", "n", "result")
_MAX_NAME = 40
_WIDTH = 140  # enough for two names, so that no table is broken


def thresholds_text(report: ThresholdReport) -> str:
    """A table per dataset and track: what was required and measured, and what failed.

    Names are shown literally, and shortened to 40 characters. Notes below a table say why a number
    is missing, or why a value above its threshold does not pass.
    """
    groups = groupby(report.checks, key=lambda check: (check.dataset, check.split, check.track))
    return "\n".join(_table(list(checks)) for _, checks in groups)


def _table(checks: list[ThresholdCheck]) -> str:
    first = checks[0]
    number = "the lower end of the 95% interval" if first.on == "low" else "the value"
    heading = f"{first.dataset} ({first.split}), {first.track} track: thresholds for {number}, in %"
    cells = [_cells(check) for check in checks]
    rows = text_table(_HEADER, cells, _WIDTH, left=("accuracy", "result"))
    notes = [f"  {check.note}." for check in checks if check.note]
    return (
        "\n".join([printable(heading), "", rows, *map(printable, [""] * bool(notes) + notes)])
        + "\n"
    )


def _cells(check: ThresholdCheck) -> list[str]:
    return [
        shorten(printable(check.model), _MAX_NAME),
        shorten(printable(check.name), _MAX_NAME),
        f"{100 * check.minimum:g}",
        percent(check.measured),
        str(check.measured.n) if check.measured else "",
        "PASSED" if check.passed else "FAILED",
    ]
