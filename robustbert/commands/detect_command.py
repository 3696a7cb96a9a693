"""``robustbert detect``."""

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
from robustbert.commands.dataset_options import add_dataset_options, data_files, given_source
from robustbert.commands.output_files import check_output_files, check_writable
from robustbert.commands.terminal import print_report
from robustbert.console import terminal_width

if TYPE_CHECKING:
    from robustbert.detector_evaluation import DetectOptions

_FORMATS = ("text", "markdown", "json", "csv")


def add_detect(subparsers: Any) -> None:
    """Add the command ``detect``."""
    command = add_command(
        subparsers,
        "detect",
        detect,
        "fit a detector of adversarial texts to a run's attacks on the validation split, and judge "
        "it on those on the test split",
    )
    command.add_argument(
        "--run",
        dest="run_folder",
        type=Path,
        required=True,
        metavar="RUN",
        help="output folder of bench or attack on a test split; it keeps the validation attacks",
    )
    command.add_argument(
        "--detector", required=True, metavar="NAME", help="see robustbert list detectors"
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the detector, such as dimensions=50; give the option again for "
        "several",
    )
    command.add_argument(
        "--row", metavar="ROW", help="only this row of the table, or this model; default: all rows"
    )
    command.add_argument(
        "--recipe",
        metavar="NAME",
        help="fit and judge on this recipe alone; default: fit on each recipe of the run, and "
        "judge on each",
    )
    command.add_argument(
        "--model",
        metavar="MODEL",
        help="a folder or hub:NAME with the attacked model; default: the model is trained again, "
        "or taken from the cache",
    )
    _add_attack_options(command)
    command.add_argument(
        "--format", choices=_FORMATS, default="text", help="of the table; default: text"
    )
    command.add_argument(
        "--out", type=Path, metavar="FILE", help="write the table to a file; default: print it"
    )
    add_assets_profile(command)
    add_labels(command)
    command.add_argument(
        "--device", default="auto", help="cpu, cuda, cuda:N, mps, or auto (default)"
    )
    add_dataset_options(
        command.add_argument_group("data", "The data of a run on your own dataset.")
    )


def _add_attack_options(command: Any) -> None:
    command.add_argument(
        "--validation",
        type=integer,
        metavar="N",
        help="number of validation examples to attack per recipe; default: as many as test "
        "examples, or all if there are fewer",
    )
    command.add_argument(
        "--failed",
        action="store_true",
        help="also judge the texts with which failed attacks ended; the survivors of the test "
        "split are attacked again for them",
    )
    command.add_argument(
        "--trust",
        type=names,
        default=[],
        metavar="NAME[,NAME]",
        help="import paths of recipes, defenses and datasets that the run may name",
    )


def detect(options: Any) -> int:
    """Run ``robustbert detect``."""
    from robustbert.detector_evaluation import detect_run
    from robustbert.detector_evaluation.detection_table import FORMATS, render_detection
    from robustbert.gate.repeated_cells import RepeatedCells
    from robustbert.io import write_text

    run, out = options.run_folder, options.out
    check_output_files({"--out": out}, [run, *data_files(options)])
    if out is not None:
        check_writable("--out", out)
    chosen = _options(options)
    cells = RepeatedCells(given_source(options), labels=options.labels, device=options.device)
    records = detect_run(run, cells, chosen, options.model)
    if options.format == "text":
        table = render_detection(records, terminal_width())
    else:
        table = FORMATS[options.format](records)
    if out is None:
        print_report(table)
    else:
        write_text(out, table)
    return 0


def _options(options: Any) -> DetectOptions:
    from robustbert.detection import DETECTORS
    from robustbert.detector_evaluation import DetectOptions
    from robustbert.validation import settings_from_text

    name = options.detector
    return DetectOptions(
        detector=name,
        params=settings_from_text(DETECTORS.load(name), options.set, name),
        row=options.row,
        recipe=options.recipe,
        validation=options.validation,
        failed=options.failed,
        device=options.device,
        trusted=tuple(options.trust),
        command=options.command,
    )
