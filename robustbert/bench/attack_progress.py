"""The progress of a cell: examples done, examples broken, queries per second; and its result."""

from __future__ import annotations

import time

from robustbert.progress import progress_bar
from robustbert.records.schema import Outcome, Record
from robustbert.reports.wording import counted

_FORMAT = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"


class AttackProgress:
    """Shows progress as a bar on a terminal, else as lines (:mod:`robustbert.progress`).

    Args:
        total: number of examples.
        title: a short description of the cell.
    """

    def __init__(self, total: int, title: str) -> None:
        self._bar = progress_bar(total, title, "example", _FORMAT)
        self._began = time.perf_counter()
        self._broken = 0
        self._queries = 0

    def __enter__(self) -> AttackProgress:
        return self

    def __exit__(self, *_: object) -> None:
        self._describe()
        self._bar.close()

    def add(self, outcome: Outcome) -> None:
        """Count the outcome of one more example, of this run or an earlier one."""
        self._broken += outcome.status == "broken"
        self._describe()
        self._bar.update(1)

    def show_queries(self, total: int) -> None:
        """Update the cumulative number of queries."""
        self._queries = total
        self._describe()
        self._bar.update(0)

    def show_recheck(self) -> None:
        """Show that all examples are done and a sample of predictions is recomputed."""
        self._bar.set_postfix_str("checking batch invariance")

    def _describe(self) -> None:
        rate = self._queries / max(time.perf_counter() - self._began, 1e-9)
        self._bar.set_postfix_str(f"{self._broken} broken, {rate:.0f} queries/s", refresh=False)


def result_line(record: Record) -> str:
    """The result of a cell in a few words, such as ``78.0% clean, 23.0% under attack``."""
    metrics, errors = record.metrics, record.counts.error
    parts = [
        f"{100 * (metrics.clean_accuracy.value or 0):.1f}% clean",
        f"{100 * (metrics.accuracy_under_attack.value or 0):.1f}% under attack",
    ]
    if errors:
        parts.append(counted(errors, "error"))
    return ", ".join(parts)
