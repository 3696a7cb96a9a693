"""The plot of a suite's rows against the plain one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from robustbert.leaderboard.against_plain import LEVEL, AgainstPlain
from robustbert.leaderboard.suite_table import SuiteTable
from robustbert.reports.plots.difference_plot import (
    DifferencePanel,
    DifferenceRow,
    difference_figure,
)
from robustbert.reports.plots.plot_style import figure_bytes

#: The title of the plot.
TITLE: Final = "Worst-case and clean accuracy of each row minus those of the plain model"
_HOLM = "with Holm's correction for all rows of a panel."
#: What lines and filled marks are, by whether some models have one training seed, and some several.
_NOTES = {
    (True, False): "Lines: 95% paired bootstrap intervals, which cover the sampling of examples "
    f"alone. Filled: p below {LEVEL} in the exact McNemar test, {_HOLM}",
    (False, True): "Lines: 95% paired bootstrap intervals over examples and training seeds. "
    f"Filled: p below {LEVEL} in this bootstrap, {_HOLM}",
    (True, True): "Lines: 95% paired bootstrap intervals over examples, and over training seeds "
    f"where a model has several. Filled: p below {LEVEL} in the exact McNemar test, or in this "
    f"bootstrap where there are several seeds, {_HOLM}",
}


def against_plain_plot(tables: Sequence[SuiteTable], file_format: str) -> bytes:
    """Draw the differences of all rows from the plain one: a panel per dataset and track.

    Args:
        tables: those of one suite, at least one.
        file_format: ``svg`` or ``png``.
    """
    panels = [
        DifferencePanel(
            f"{table.group.dataset}, n={table.group.n}",
            tuple(_row(line.title, found) for line, found in table.against_plain()),
        )
        for table in tables
    ]
    seeds = [len(line.row.replicates) for table in tables for line in table.lines if line.row]
    note = _NOTES[min(seeds) == 1, max(seeds) > 1]
    measures = ("worst case", "clean accuracy")
    return figure_bytes(
        lambda: difference_figure(TITLE, measures, panels, [note]), TITLE, file_format
    )


def _row(title: str, found: AgainstPlain) -> DifferenceRow:
    measures = (found.worst_case, found.clean)
    return DifferenceRow(
        title,
        tuple(one.difference if one else None for one in measures),
        tuple(one is not None and one.adjusted_p < LEVEL for one in measures),
    )
