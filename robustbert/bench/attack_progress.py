"""The progress of a cell: examples done, how many of them broken, queries a second, time left."""

from __future__ import annotations

import time

from robustbert.progress import progress_bar
from robustbert.records.schema import Outcome

_FORMAT = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"


class AttackProgress:
    """A bar on a terminal, plain lines elsewhere (:mod:`robustbert.progress`).

    Args:
        total: how many examples there are.
        what: what is running, a few words.
    """

    def __init__(self, total: int, what: str) -> None:
        self._bar = progress_bar(total, what, "text", _FORMAT)
        self._began = time.perf_counter()
        self._broken = 0
        self._queries = 0

    def __enter__(self) -> AttackProgress:
        return self

    def __exit__(self, *_: object) -> None:
        self._describe()
        self._bar.close()

    def add(self, outcome: Outcome) -> None:
        """One more example is done, now or in an earlier run."""
        self._broken += outcome.status == "broken"
        self._describe()
        self._bar.update(1)

    def show_queries(self, asked: int) -> None:
        """The victim was asked so many texts so far."""
        self._queries = asked
        self._describe()
        self._bar.update(0)

    def show_recheck(self) -> None:
        """All examples are done; some answers are asked again."""
        self._bar.set_postfix_str("asking some answers again")

    def _describe(self) -> None:
        rate = self._queries / max(time.perf_counter() - self._began, 1e-9)
        self._bar.set_postfix_str(f"{self._broken} broken, {rate:.0f} queries/s", refresh=False)
