"""``robustbert data``: the actions, each in its own module."""

from __future__ import annotations

from typing import Any

from robustbert.commands.data_check_command import add_check


def add_data(subparsers: Any) -> None:
    """Add the command ``data``."""
    command = subparsers.add_parser(
        "data",
        help="check the quality of a dataset",
        description="Check the quality of a dataset.",
        allow_abbrev=False,
    )
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    add_check(actions)
