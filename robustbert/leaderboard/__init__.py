"""The leaderboard: published results, checked, ranked and shown."""

from robustbert.leaderboard.boards import Board, BoardRow, Leaderboard, read_leaderboard

__all__ = ["Board", "BoardRow", "Leaderboard", "read_leaderboard"]
