"""``robustbert leaderboard``: the actions, each in its own module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robustbert.commands.leaderboard_add_command import add_add
from robustbert.commands.leaderboard_build_command import add_build
from robustbert.commands.leaderboard_check_command import add_check
from robustbert.commands.leaderboard_show_command import add_show

#: The folder of published results, unless ``--results`` names another one.
RESULTS_FOLDER = Path("results")


def add_leaderboard(subparsers: Any) -> None:
    """Add the command ``leaderboard``."""
    command = subparsers.add_parser(
        "leaderboard",
        help="check, rank and show published results",
        description="Check, rank and show published results: records and outcomes without texts.",
        allow_abbrev=False,
    )
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    for add in (add_add, add_check, add_show, add_build):
        action = add(actions)
        action.add_argument(
            "--results",
            type=Path,
            default=RESULTS_FOLDER,
            metavar="DIR",
            help=f"the folder of published results; default: {RESULTS_FOLDER}",
        )
