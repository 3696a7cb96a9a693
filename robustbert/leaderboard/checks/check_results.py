"""Check published results: every check, on every file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from robustbert.leaderboard.checks.problem import Problem
from robustbert.leaderboard.checks.results_files import (
    ReadResults,
    ResultsFiles,
    read_results,
    read_results_files,
)


@dataclass(frozen=True)
class Checked:
    """The result of the checks.

    Args:
        cells: the number of valid cells.
        problems: everything that is wrong, in the order of the files.
    """

    cells: int
    problems: tuple[Problem, ...]


def _schema(results: ReadResults) -> Iterator[Problem]:
    yield from results.unreadable


#: Each finds one kind of problem.
CHECKS: tuple[Callable[[ReadResults], Iterator[Problem]], ...] = (_schema,)


def check_results(results: Path) -> Checked:
    """Check a results folder.

    Raises:
        RecordError: there is no such folder, or it contains no results.
    """
    return check_files(read_results_files(results))


def check_files(files: ResultsFiles) -> Checked:
    """Check the files of a results folder."""
    results = read_results(files)
    problems = {problem for check in CHECKS for problem in check(results)}
    return Checked(len(results.cells), tuple(sorted(problems)))
