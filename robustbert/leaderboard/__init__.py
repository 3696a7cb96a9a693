"""The leaderboard: published results, checked, ranked and shown."""

from robustbert.leaderboard.best_known import BestKnown
from robustbert.leaderboard.boards import (
    Board,
    BoardRow,
    Leaderboard,
    make_leaderboard,
    read_leaderboard,
)
from robustbert.leaderboard.checks.check_results import CheckedResults, check_results
from robustbert.leaderboard.checks.problem import Problem
from robustbert.leaderboard.claims import Claim, read_claims
from robustbert.leaderboard.filing import FiledCell, file_run

__all__ = [
    "BestKnown",
    "Board",
    "BoardRow",
    "CheckedResults",
    "Claim",
    "FiledCell",
    "Leaderboard",
    "Problem",
    "check_results",
    "file_run",
    "make_leaderboard",
    "read_claims",
    "read_leaderboard",
]
