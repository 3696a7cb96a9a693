"""A problem that a check of published results found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, order=True)
class Problem:
    """Something wrong in a file of published results.

    Args:
        path: the file, relative to the results folder.
        check: the name of the check that found it.
        message: what is wrong, in one line.
    """

    path: PurePosixPath
    check: str
    message: str

    def line(self, results: str) -> str:
        """The problem in one line that starts with the path of the file.

        >>> path = PurePosixPath("imdb/unified/minilm-0baaa213/pwws.json")
        >>> Problem(path, "checkout", "uncommitted changes").line("results")
        'results/imdb/unified/minilm-0baaa213/pwws.json: checkout: uncommitted changes'
        """
        return f"{PurePosixPath(results) / self.path}: {self.check}: {self.message}"
