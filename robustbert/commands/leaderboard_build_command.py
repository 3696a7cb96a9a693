"""``robustbert leaderboard build``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from robustbert.commands.arguments import add_command
from robustbert.commands.leaderboard_choice import add_table_choice, read_chosen
from robustbert.commands.output_files import check_output_files
from robustbert.commands.terminal import print_report
from robustbert.console import printable
from robustbert.errors import InputError

_SITE = "site"
_FORMATS = (_SITE, "markdown", "latex", "csv")
#: The folder of the site, unless ``--out`` names another one.
SITE_FOLDER = Path("site")


def add_build(actions: Any) -> Any:
    """Add the action ``build``, and return its parser."""
    action = add_command(
        actions,
        "build",
        build,
        "build the leaderboard's site from the published results, or its tables alone",
    )
    action.add_argument(
        "--format",
        choices=_FORMATS,
        default=_SITE,
        help="site (default), a folder of pages to open or publish, or the tables as markdown, "
        "latex or csv",
    )
    action.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help=f"the folder of the site, which replaces an earlier one; default: {SITE_FOLDER}. Or "
        "the file of the tables; default: print them",
    )
    add_table_choice(action)
    return action


def build(options: Any) -> int:
    """Run ``robustbert leaderboard build``."""
    return _build_site(options) if options.format == _SITE else _build_tables(options)


def _build_site(options: Any) -> int:
    from robustbert.leaderboard.site import build_site, check_site_folder
    from robustbert.reports.wording import counted

    out = options.out or SITE_FOLDER
    _check_outside(out, options.results)
    check_site_folder(out)
    site = build_site(read_chosen(options), out, results=options.results)
    models, cells = counted(site.num_models, "model"), counted(site.num_cells, "cell")
    print(printable(f"Built the site of {models} and {cells}: open {site.index}"))
    return 0


def _build_tables(options: Any) -> int:
    from robustbert.io import write_text
    from robustbert.leaderboard.board_tables import FORMATS

    out = options.out
    if out is not None:
        _check_outside(out, options.results)
    check_output_files({"--out": out})
    text = FORMATS[options.format](read_chosen(options))
    if out is None:
        print_report(text)
    else:
        write_text(out, text)
        print(printable(str(out)))
    return 0


def _check_outside(out: Path, results: Path) -> None:
    """Check that an output is not among the results, which hold nothing that is made from them."""
    if Path(os.path.realpath(out)).is_relative_to(os.path.realpath(results)):
        raise InputError(f"--out: {out} is in the results folder; choose another folder")
