"""The checks of published results, in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from robustbert.errors import RecordError
from robustbert.leaderboard.checks.cell_checks import (
    contained_texts,
    failed_attacks,
    wrong_counts,
    wrong_metrics,
    wrong_reliability,
    wrong_seeds,
)
from robustbert.leaderboard.checks.duplicate_checks import duplicates
from robustbert.leaderboard.checks.file_checks import (
    invalid_claims,
    invalid_rechecks,
    misplaced_records,
    schema_problems,
    unknown_files,
)
from robustbert.leaderboard.checks.origin_checks import (
    foreign_commands,
    future_dates,
    uncommitted_changes,
)
from robustbert.leaderboard.checks.outcome_checks import exceeded_limits, impossible_outcomes
from robustbert.leaderboard.checks.problem import Problem
from robustbert.leaderboard.checks.results_files import (
    ReadResults,
    ResultsFiles,
    read_results,
    read_results_files,
)
from robustbert.leaderboard.checks.table_checks import (
    foreign_conditions,
    other_examples,
    other_predictions,
)
from robustbert.records import PublishedCell


@dataclass(frozen=True)
class Check:
    """A check of published results.

    Args:
        name: its name, which the lines of its problems contain.
        find: finds the problems.
    """

    name: str
    find: Callable[[ReadResults], Iterator[Problem]]


#: All checks; ``docs/submit.md`` says what each of them requires.
CHECKS = (
    Check("schema", schema_problems),
    Check("files", unknown_files),
    Check("claims", invalid_claims),
    Check("rechecks", invalid_rechecks),
    Check("path", misplaced_records),
    Check("counts", wrong_counts),
    Check("metrics", wrong_metrics),
    Check("reliability", wrong_reliability),
    Check("texts", contained_texts),
    Check("seeds", wrong_seeds),
    Check("outcomes", impossible_outcomes),
    Check("limits", exceeded_limits),
    Check("errors", failed_attacks),
    Check("checkout", uncommitted_changes),
    Check("date", future_dates),
    Check("command", foreign_commands),
    Check("conditions", foreign_conditions),
    Check("examples", other_examples),
    Check("predictions", other_predictions),
    Check("duplicates", duplicates),
)


@dataclass(frozen=True)
class CheckedResults:
    """The result of all checks.

    Args:
        cells: those whose record and outcomes follow the schema.
        problems: everything that is wrong, in the order of the files and then of the checks.
    """

    cells: tuple[PublishedCell, ...]
    problems: tuple[Problem, ...]


def check_results(results: Path) -> CheckedResults:
    """Check a results folder.

    Raises:
        RecordError: there is no such folder, it contains no results, or a file cannot be read.
    """
    if not results.is_dir():
        raise RecordError(f"{results}: no such folder; give the folder of results with --results")
    files = read_results_files(results)
    if not files.contents and not files.others:
        raise RecordError(
            f"{results} contains no published results; file those of a run with robustbert "
            "leaderboard add RUN"
        )
    return check_files(files)


def check_files(files: ResultsFiles) -> CheckedResults:
    """Check the files of a results folder."""
    results = read_results(files)
    problems = [
        replace(problem, check=check.name) for check in CHECKS for problem in check.find(results)
    ]
    return CheckedResults(results.cells, tuple(sorted(problems, key=lambda one: one.path)))
