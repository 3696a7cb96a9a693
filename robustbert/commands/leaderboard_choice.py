"""The options of ``robustbert leaderboard`` that choose tables, and reading these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from robustbert.leaderboard import Leaderboard


def add_table_choice(action: Any) -> None:
    """Add ``--dataset`` and ``--track``."""
    for kind in ("dataset", "track"):
        action.add_argument(f"--{kind}", metavar="NAME", help=f"only the tables of this {kind}")


def read_chosen(options: Any) -> Leaderboard:
    """Read the chosen tables from the results."""
    from robustbert.leaderboard import read_leaderboard
    from robustbert.progress import progress_bar

    with progress_bar(None, f"reading {options.results}", bar_format="{desc} ({elapsed})"):
        leaderboard = read_leaderboard(options.results)
    return leaderboard.only(options.dataset, options.track)
