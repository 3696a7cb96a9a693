"""``robustbert recheck``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import (
    add_assets_profile,
    add_command,
    add_labels,
    integer,
    names,
)
from robustbert.commands.dataset_options import add_dataset_options, given_source
from robustbert.commands.strict_option import add_strict, marks_fail
from robustbert.commands.terminal import print_report

if TYPE_CHECKING:
    from robustbert.rechecks.recheck_run import RecheckOptions


def add_recheck(subparsers: Any) -> None:
    """Add the command ``recheck``."""
    command = add_command(
        subparsers,
        "recheck",
        recheck,
        "attack the rows of a run again, with calibrated probabilities and adapted to their "
        "defenses, and mark those whose robustness does not hold",
    )
    command.add_argument(
        "run_folder", type=Path, metavar="RUN", help="output folder of bench or attack"
    )
    command.add_argument(
        "--row", metavar="ROW", help="only this row of the table, or this model; default: all rows"
    )
    command.add_argument(
        "--model",
        metavar="MODEL",
        help="a folder or hub:NAME with the model of the row; default: the model is trained again, "
        "or taken from the cache",
    )
    command.add_argument(
        "--votes",
        type=integer,
        default=None,
        metavar="N",
        help="number of votes that searches of randomised models average over, if the model has "
        "fewer; default: 32",
    )
    command.add_argument(
        "--trust",
        type=names,
        default=[],
        metavar="NAME[,NAME]",
        help="import paths of recipes, defenses and datasets that the run may name",
    )
    add_strict(command, "the rows")
    add_assets_profile(command)
    add_labels(command)
    command.add_argument(
        "--device", default="auto", help="cpu, cuda, cuda:N, mps, or auto (default)"
    )
    add_dataset_options(
        command.add_argument_group("data", "The data of a run on your own dataset.")
    )


def recheck(options: Any) -> int:
    """Run ``robustbert recheck``."""
    from robustbert.bench import check_dtype_and_device
    from robustbert.gate.repeated_cells import RepeatedCells
    from robustbert.rechecks.recheck_run import recheck_run
    from robustbert.rechecks.recheck_text import recheck_text

    check_dtype_and_device("auto", options.device)
    cells = RepeatedCells(given_source(options), labels=options.labels, device=options.device)
    records = recheck_run(
        options.run_folder,
        cells,
        _options(options),
        lambda result: print_report(recheck_text(result)),
    )
    return 1 if options.strict and marks_fail(records) else 0


def _options(options: Any) -> RecheckOptions:
    from robustbert.models.searched_through import DEFAULT_VOTES
    from robustbert.rechecks.recheck_run import RecheckOptions

    return RecheckOptions(
        row=options.row,
        model=options.model,
        votes=DEFAULT_VOTES if options.votes is None else options.votes,
        device=options.device,
        trusted=tuple(options.trust),
    )
