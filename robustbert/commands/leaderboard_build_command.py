"""``robustbert leaderboard build``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robustbert.commands.arguments import add_command
from robustbert.commands.output_files import check_output_files
from robustbert.commands.terminal import print_report
from robustbert.console import printable

_FORMATS = ("markdown", "latex", "csv")


def add_build(actions: Any) -> Any:
    """Add the action ``build``, and return its parser."""
    action = add_command(
        actions, "build", build, "build the leaderboard's tables from the published results"
    )
    action.add_argument(
        "--format", choices=_FORMATS, required=True, help="the format of the tables"
    )
    action.add_argument(
        "--out", type=Path, metavar="FILE", help="write the tables to a file; default: print them"
    )
    action.add_argument("--dataset", metavar="NAME", help="only the tables of this dataset")
    action.add_argument("--track", metavar="NAME", help="only the tables of this track")
    return action


def build(options: Any) -> int:
    """Run ``robustbert leaderboard build``."""
    from robustbert.io import write_text
    from robustbert.leaderboard import read_leaderboard
    from robustbert.leaderboard.board_tables import FORMATS
    from robustbert.records import published_files

    out, results = options.out, options.results
    check_output_files({"--out": out}, published_files(results))
    leaderboard = read_leaderboard(results).only(options.dataset, options.track)
    text = FORMATS[options.format](leaderboard)
    if out is None:
        print_report(text)
    else:
        write_text(out, text)
        print(printable(str(out)))
    return 0
