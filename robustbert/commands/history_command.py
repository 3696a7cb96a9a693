"""``robustbert history``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robustbert.commands.arguments import add_command, integer
from robustbert.commands.baseline_command import BASELINE_FILE
from robustbert.commands.gate_options import add_allow, add_config, gate_settings
from robustbert.commands.output_files import check_output_files
from robustbert.commands.terminal import print_report
from robustbert.console import terminal_width

_MAX_COMMITS = 100


def add_history(subparsers: Any) -> None:
    """Add the command ``history``."""
    command = add_command(
        subparsers,
        "history",
        history,
        "show the accuracies in a baseline over its commits, and the steps that a test finds",
    )
    command.add_argument(
        "path",
        nargs="?",
        type=Path,
        metavar="PATH",
        help="the baseline, in a git repository; default: that of the [gate] table, else "
        f"{BASELINE_FILE}",
    )
    command.add_argument("--svg", type=Path, metavar="FILE", help="also write a plot")
    command.add_argument("--json", type=Path, metavar="FILE", help="also write JSON")
    command.add_argument(
        "--max-commits",
        type=integer,
        default=_MAX_COMMITS,
        metavar="N",
        help="show the newest N commits that changed the baseline; default: 100",
    )
    command.add_argument(
        "--alpha",
        type=float,
        metavar="X",
        help="level of significance for all steps together; default: that of the [gate] table, "
        "else 0.05",
    )
    add_allow(command)
    add_config(command)


def history(options: Any) -> int:
    """Run ``robustbert history``."""
    from robustbert.gate import read_history
    from robustbert.gate.history.history_json import history_json
    from robustbert.gate.history.history_plot import history_svg
    from robustbert.gate.history.history_text import history_text
    from robustbert.io import write_text

    settings = gate_settings(options)
    path = options.path or Path(settings.config.baseline or BASELINE_FILE)
    check_output_files({"--svg": options.svg, "--json": options.json}, [path])
    found = read_history(
        path,
        max_commits=options.max_commits,
        alpha=settings.policy.alpha,
        allow=settings.allow,
    )
    print_report(history_text(found, terminal_width()))
    for file, render in ((options.svg, history_svg), (options.json, history_json)):
        if file is not None:
            write_text(file, render(found))
    return 0
