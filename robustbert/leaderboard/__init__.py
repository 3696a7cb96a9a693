"""The leaderboard: published results, checked, ranked and shown."""

from robustbert.leaderboard.best_known import BestKnown
from robustbert.leaderboard.boards import (
    Board,
    BoardRow,
    Leaderboard,
    make_leaderboard,
    read_leaderboard,
)
from robustbert.leaderboard.claims import Claim, read_claims

__all__ = [
    "BestKnown",
    "Board",
    "BoardRow",
    "Claim",
    "Leaderboard",
    "make_leaderboard",
    "read_claims",
    "read_leaderboard",
]
