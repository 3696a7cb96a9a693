"""``robustbert show``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robustbert.commands.arguments import add_cell_choice, add_command, integer
from robustbert.console import terminal_width, use_color
from robustbert.errors import InputError

_STATUSES = ("broken", "robust", "exhausted", "skipped", "error", "all")


def add_show(subparsers: Any) -> None:
    """Add the command ``show``."""
    command = add_command(
        subparsers,
        "show",
        show,
        "show the original and the adversarial texts of a run, with the changed words highlighted",
    )
    command.add_argument(
        "run_folder", type=Path, metavar="RUN", help="output folder of bench or attack"
    )
    command.add_argument(
        "--status",
        choices=_STATUSES,
        default=_STATUSES[0],
        help="show the examples with this status; default: broken",
    )
    add_cell_choice(command, "show")
    command.add_argument(
        "-n",
        "--num-examples",
        type=integer,
        metavar="N",
        help="maximum number of examples per cell; default: all",
    )


def show(options: Any) -> int:
    """Run ``robustbert show``."""
    from robustbert.reports.run_view import Selection, render_cells, select_cells

    if options.num_examples is not None and options.num_examples < 1:
        raise InputError(f"--num-examples is {options.num_examples}; it must be at least 1")
    selection = Selection(
        status=options.status,
        dataset=options.dataset,
        model=options.model,
        recipe=options.recipe,
        limit=options.num_examples,
    )
    cells = select_cells(options.run_folder, selection)
    print(render_cells(cells, options.status, color=use_color(), width=terminal_width()), end="")
    if not any(cell.outcomes for cell in cells):
        print(f"No example has the status {options.status}; see --status.")
    return 0
