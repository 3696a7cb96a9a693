"""``robustbert explore``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robustbert.commands.arguments import add_cell_choice, add_command
from robustbert.commands.explain_command import add_method, chosen_explainer
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
    add_method(command, "--explain", None)
    command.add_argument(
        "--explained-model",
        metavar="MODEL",
        help="the model of the run, a folder or hub:NAME; needed with --explain",
    )
    command.add_argument("--open", action="store_true", help="open the page in the web browser")


def explore(options: Any) -> int:
    """Run ``robustbert explore``."""
    from robustbert.io import is_special, write_text
    from robustbert.reports.explorer import explore_page

    out, run = options.out, options.run_folder
    check_output_files({"--out": out}, [run])
    if options.open and is_special(out):
        raise InputError(f"--open: {out} is not a file that a browser can open; give --out FILE")
    page = explore_page(
        run,
        dataset=options.dataset,
        model=options.model,
        recipe=options.recipe,
        **_explanation(options),
    )
    write_text(out, page)
    if not is_special(out):
        print(out)
    if options.open:
        _open(out)
    return 0


def _explanation(options: Any) -> dict[str, Any]:
    """The method and the model of the explanations, as arguments; none without ``--explain``."""
    if options.explain is None:
        if options.explained_model is not None or options.settings:
            raise InputError("--explained-model and --set need --explain METHOD; add it")
        return {}
    if options.explained_model is None:
        raise InputError("--explain needs the model of the run; add --explained-model MODEL")
    from robustbert.gate import load_replayed
    from robustbert.reports.run_view import ALL, Selection, select_cells

    explainer = chosen_explainer(options.explain, options.settings)
    selection = Selection(ALL, options.dataset, options.model, options.recipe)
    cells = select_cells(options.run_folder, selection)
    return {"explainer": explainer, "classifier": load_replayed(options.explained_model, cells)}


def _open(page: Path) -> None:
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        print_error(f"warning: no web browser was found; open {page} yourself")
