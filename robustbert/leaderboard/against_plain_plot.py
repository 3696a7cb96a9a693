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
_NOTE = (
    "Lines: 95% paired bootstrap intervals, which cover the sampling of examples alone. Filled: "
    f"p below {LEVEL} in the exact McNemar test, with Holm's correction for all rows of a panel."
)


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
    measures = ("worst case", "clean accuracy")
    return figure_bytes(
        lambda: difference_figure(TITLE, measures, panels, [_NOTE]), TITLE, file_format
    )


def _row(title: str, found: AgainstPlain) -> DifferenceRow:
    measures = (found.worst_case, found.clean)
    return DifferenceRow(
        title,
        tuple(one.difference if one else None for one in measures),
        tuple(one is not None and one.adjusted_p < LEVEL for one in measures),
    )
