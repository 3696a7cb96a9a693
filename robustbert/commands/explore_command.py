"""``robustbert explore``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robustbert.commands.arguments import add_cell_choice, add_command
from robustbert.commands.output_files import check_output_files
from robustbert.commands.terminal import print_error
from robustbert.errors import InputError

_FILE = Path("explore.html")


def add_explore(subparsers: Any) -> None:
    """Add the command ``explore``."""
    command = add_command(
        subparsers,
        "explore",
        explore,
        "make one HTML page to read and filter the original and adversarial texts of a run",
    )
    command.add_argument(
        "run_folder", type=Path, metavar="RUN", help="output folder of bench or attack"
    )
    command.add_argument(
        "--out",
        type=Path,
        default=_FILE,
        metavar="FILE",
        help=f"the page; an existing file is replaced; default: {_FILE}",
    )
    add_cell_choice(command, "include")
    command.add_argument("--open", action="store_true", help="open the page in the web browser")


def explore(options: Any) -> int:
    """Run ``robustbert explore``."""
    from robustbert.io import is_special, write_text
    from robustbert.reports.explorer import explore_page

    out, run = options.out, options.run_folder
    check_output_files({"--out": out}, [run])
    if options.open and is_special(out):
        raise InputError(f"--open: {out} is not a file that a browser can open; give --out FILE")
    page = explore_page(run, dataset=options.dataset, model=options.model, recipe=options.recipe)
    write_text(out, page)
    if not is_special(out):
        print(out)
    if options.open:
        _open(out)
    return 0


def _open(page: Path) -> None:
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        print_error(f"warning: no web browser was found; open {page} yourself")
