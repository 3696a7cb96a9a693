"""Checks of published results, from the schema of each file to what the rows of a table share."""

from robustbert.leaderboard.checks.check_results import CheckedResults, check_files, check_results
from robustbert.leaderboard.checks.problem import Problem
from robustbert.leaderboard.checks.results_files import ResultsFiles, read_results_files

__all__ = [
    "CheckedResults",
    "Problem",
    "ResultsFiles",
    "check_files",
    "check_results",
    "read_results_files",
]
