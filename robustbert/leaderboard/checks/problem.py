"""A problem that a check of published results found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from robustbert.records import PublishedCell, published_outcomes_path
from robustbert.reports.wording import and_more


@dataclass(frozen=True)
class Problem:
    """Something that is wrong in a file of published results.

    Args:
        path: the file, relative to the results folder.
        message: what is wrong, in one line.
        check: the name of the check that found it.
    """

    path: PurePosixPath
    message: str
    check: str = ""

    def line(self, results: str) -> str:
        """The problem in one line that starts with the path of the file.

        >>> path = PurePosixPath("imdb/unified/minilm-0baaa213/pwws.json")
        >>> Problem(path, "uncommitted changes", "checkout").line("results")
        'results/imdb/unified/minilm-0baaa213/pwws.json: checkout: uncommitted changes'
        """
        return f"{PurePosixPath(results) / self.path}: {self.check}: {self.message}"


def in_outcomes(cell: PublishedCell, lines: Sequence[int], message: str) -> Iterator[Problem]:
    """The problem of some lines of a cell's outcomes, if there are any."""
    if lines:
        yield Problem(
            published_outcomes_path(cell.path),
            f"line {lines[0]}: {message}{and_more(lines, 'line')}",
        )
