"""``robustbert card``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robustbert.commands.arguments import add_command
from robustbert.commands.output_files import check_output_files
from robustbert.commands.terminal import print_error, print_report
from robustbert.console import printable


def add_card(subparsers: Any) -> None:
    """Add the command ``card``."""
    command = add_command(
        subparsers,
        "card",
        card,
        "make a Hugging Face model card from the results of one model",
    )
    command.add_argument(
        "run_folder",
        type=Path,
        metavar="RUN",
        help="output folder of bench or attack, or published results",
    )
    command.add_argument(
        "--row", metavar="ROW", help="the row, as tables label it; needed if there are several"
    )
    command.add_argument(
        "--dataset",
        metavar="NAME",
        help="only the results on this dataset; needed if a model was trained on each of several",
    )
    command.add_argument(
        "--url",
        metavar="URL",
        help="address of the published results, which the card names as their source",
    )
    command.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the card, such as README.md; default: print it. A file that is not a card of "
        "robustbert is kept",
    )
    command.add_argument(
        "--force", action="store_true", help="replace --out even if it is not a card of robustbert"
    )


def card(options: Any) -> int:
    """Run ``robustbert card``."""
    from robustbert.io import write_text
    from robustbert.reports.card import card_row, check_replaceable, model_card
    from robustbert.reports.run_folder import read_cells

    run = options.run_folder
    check_output_files({"--out": options.out}, [run])
    if options.out is not None and not options.force:
        check_replaceable(options.out)
    read = read_cells(run)
    row = card_row(
        read.records, read.outcomes, place=str(run), row=options.row, dataset=options.dataset
    )
    text = model_card(row, options.url)
    _warn_of_unfinished_cells(run)
    if options.out is None:
        print_report(text)
    else:
        write_text(options.out, text)
        print(printable(f"Wrote the card of {row.label} to {options.out}."))
    return 0


def _warn_of_unfinished_cells(run: Path) -> None:
    """Say on standard error if the card may lack cells, because the run is not finished."""
    from robustbert.reports.wording import counted

    unfinished = len(list((run / "outcomes").glob("*.partial")))
    if unfinished:
        print_error(
            f"warning: {run} has {counted(unfinished, 'unfinished cell')}, which the card leaves "
            "out; repeat the command of the run to resume it"
        )
