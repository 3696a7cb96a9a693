"""``robustbert leaderboard show``."""

from __future__ import annotations

from typing import Any

from robustbert.commands.arguments import add_command
from robustbert.commands.leaderboard_choice import add_table_choice, read_chosen
from robustbert.commands.strict_option import add_strict, published_marks_fail
from robustbert.commands.terminal import print_report
from robustbert.console import terminal_width


def add_show(actions: Any) -> Any:
    """Add the action ``show``, and return its parser."""
    action = add_command(
        actions, "show", show, "print the leaderboard's tables for the terminal, with ranks"
    )
    add_table_choice(action)
    add_strict(action, "a row")
    return action


def show(options: Any) -> int:
    """Run ``robustbert leaderboard show``."""
    from robustbert.leaderboard.board_tables import ranked_table
    from robustbert.reports import render_text

    leaderboard = read_chosen(options)
    print_report(render_text(ranked_table(leaderboard), terminal_width()))
    cells = (
        (record, board.cell_outcomes(record))
        for board in leaderboard.boards
        for row in board.rows
        for record in row.records
    )
    return 1 if options.strict and published_marks_fail(cells) else 0
