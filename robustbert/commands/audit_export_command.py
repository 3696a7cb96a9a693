"""``robustbert audit export``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robustbert.commands.arguments import add_cell_choice, add_command, integer
from robustbert.commands.terminal import print_error, print_report
from robustbert.console import printable


def add_export(actions: Any) -> None:
    """Add the action ``export``."""
    action = add_command(
        actions,
        "export",
        export,
        "write broken examples as a page and a CSV for human raters, and the key as another file",
    )
    action.add_argument(
        "run_folder", type=Path, metavar="RUN", help="output folder of bench or attack"
    )
    action.add_argument(
        "-n",
        "--n",
        "--num-examples",
        type=integer,
        default=100,
        metavar="N",
        help="maximum number of examples, equally from each cell; default: 100",
    )
    add_cell_choice(action, "include")
    action.add_argument(
        "--seed",
        type=integer,
        default=0,
        metavar="N",
        help="seed of the drawn examples and of the order of their texts; default: 0",
    )
    action.add_argument(
        "--out", type=Path, metavar="FOLDER", help="output folder; default: audit in RUN"
    )


def export(options: Any) -> int:
    """Run ``robustbert audit export``."""
    from robustbert.audit import export_audit
    from robustbert.audit.audit_export import RATERS_FOLDER
    from robustbert.audit.audit_key import KEY_FILE
    from robustbert.reports.wording import counted, listed

    found = export_audit(
        options.run_folder,
        options.out,
        n=options.n,
        dataset=options.dataset,
        model=options.model,
        recipe=options.recipe,
        seed=options.seed,
    )
    recipes = listed([f"{number} of {printable(name)}" for name, number in found.recipes.items()])
    print_report(
        f"{counted(found.num_items, 'example')}: {recipes}\n"
        f"for raters: {found.folder / RATERS_FOLDER}\n"
        f"not for raters: {found.folder / KEY_FILE}\n"
    )
    if found.num_items < options.n:
        print_error(
            f"warning: {found.num_items} examples instead of {options.n}: the run has "
            f"{found.num_broken} broken ones, and each original occurs once"
        )
    return 0
