"""``robustbert leaderboard show``."""

from __future__ import annotations

from typing import Any

from robustbert.commands.arguments import add_command
from robustbert.commands.terminal import print_report
from robustbert.console import terminal_width


def add_show(actions: Any) -> Any:
    """Add the action ``show``, and return its parser."""
    action = add_command(
        actions, "show", show, "print the leaderboard's tables for the terminal, with ranks"
    )
    action.add_argument("--dataset", metavar="NAME", help="only the tables of this dataset")
    action.add_argument("--track", metavar="NAME", help="only the tables of this track")
    return action


def show(options: Any) -> int:
    """Run ``robustbert leaderboard show``."""
    from robustbert.leaderboard import read_leaderboard
    from robustbert.leaderboard.board_tables import leaderboard_table_of
    from robustbert.reports import render_text

    leaderboard = read_leaderboard(options.results).only(options.dataset, options.track)
    print_report(render_text(leaderboard_table_of(leaderboard), terminal_width()))
    return 0
