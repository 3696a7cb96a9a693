"""``robustbert curve``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import (
    add_assets_profile,
    add_command,
    add_dtype_and_device,
    integer,
    integers,
    names,
)
from robustbert.commands.dataset_options import add_dataset_options, given_source
from robustbert.commands.defense_options import add_defense_options, chosen_defenses
from robustbert.commands.terminal import INTERRUPTED, print_error, print_report
from robustbert.console import terminal_width
from robustbert.errors import InputError

if TYPE_CHECKING:
    from robustbert.learning_curves import CurveOptions
    from robustbert.learning_curves.curve_run import CurvePlan

_TRAINING = ("epochs", "batch_size", "learning_rate", "max_length")


def add_curve(subparsers: Any) -> None:
    """Add the command ``curve``."""
    command = add_command(
        subparsers,
        "curve",
        curve,
        "measure accuracy, clean and under attack, by training size and label noise",
    )
    command.add_argument(
        "--model",
        default="minilm",
        help="the model to train: a name, a folder or hub:NAME; default: minilm",
    )
    command.add_argument(
        "--sizes",
        type=numbers,
        metavar="X[,X]",
        help="shares of the training split, stratified and nested; default: 0.1,0.25,0.5,1",
    )
    command.add_argument(
        "--noise",
        type=numbers,
        metavar="X[,X]",
        help="shares of the training labels that are changed to another class; default: 0,0.1,0.2",
    )
    command.add_argument(
        "--full-grid",
        action="store_true",
        help="measure every noise at every size; without it, all sizes have the lowest noise, and "
        "all noises the largest size",
    )
    command.add_argument(
        "--seeds",
        type=integers,
        metavar="N[,N]",
        help="each draws the examples and the changed labels, and is the seed of the training; "
        "default: 0,1,2",
    )
    command.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for the points and the plot; the same command resumes, and other sizes, "
        "noises and seeds add points",
    )
    command.add_argument(
        "--dry-run",
        action="store_true",
        help="list the trainings with their numbers of examples, and run nothing",
    )
    _add_attack_options(command)
    add_defense_options(command, "every model")
    _add_training_options(command)
    add_assets_profile(command)
    add_dtype_and_device(command, "training and inference")
    add_dataset_options(command)


def _add_attack_options(command: Any) -> None:
    command.add_argument(
        "--recipes",
        type=names,
        metavar="NAME[,NAME]",
        help="attacks (see robustbert list recipes), or none for clean accuracy alone; default: "
        "deepwordbug,pwws",
    )
    command.add_argument(
        "-n",
        "--num-examples",
        type=integer,
        metavar="N",
        help="number of attacked examples; default: 100, or all if there are fewer",
    )
    command.add_argument(
        "--track", default="unified", help="unified (default), published or unified-li"
    )
    command.add_argument(
        "--split",
        default="test",
        metavar="NAME",
        help="split on which accuracies are measured: test (default) or validation",
    )


def _add_training_options(command: Any) -> None:
    command.add_argument("--epochs", type=integer, metavar="N", help="number of training epochs")
    command.add_argument("--batch-size", type=integer, metavar="N", help="training batch size")
    command.add_argument("--learning-rate", type=float, metavar="X", help="peak learning rate")
    command.add_argument(
        "--max-length", type=integer, metavar="N", help="maximum number of tokens per text"
    )


def numbers(text: str) -> list[float]:
    """Parse comma-separated numbers, at least one.

    >>> numbers("0.1,1")
    [0.1, 1.0]
    """
    if not text.strip(" ,"):
        raise argparse.ArgumentTypeError("give at least one number")
    found = []
    for name in names(text):
        try:
            found.append(float(name))
        except ValueError:
            raise argparse.ArgumentTypeError(f"{name!r} is not a number") from None
    return found


def curve(options: Any) -> int:
    """Run ``robustbert curve``."""
    from robustbert.learning_curves.curve_run import check_curve, plan_curve, run_curve
    from robustbert.learning_curves.curve_table import render_curve
    from robustbert.reports.wording import counted

    chosen = _options(options)
    check_curve(chosen, options.out)
    source = given_source(options)
    if source is None:
        raise InputError("no dataset is given; give --dataset or --train-file")
    plan = plan_curve(source.load(), chosen)
    if options.dry_run:
        return _dry_run(plan, options.out)
    try:
        result = run_curve(plan, options.out, command=options.command)
    except KeyboardInterrupt:
        print_error("interrupted; to resume, run the same command again")
        return INTERRUPTED
    print_report(render_curve(result, terminal_width()))
    print(f"the points and the plot are in {options.out}")
    errors = sum(point.errors for point in result.points)
    if errors:
        print_error(
            f"{counted(errors, 'attack')} failed; see the counts in {options.out}/curve.json, and "
            "run the same command again to retry"
        )
    return 1 if errors else 0


def _dry_run(plan: CurvePlan, out: Path) -> int:
    from robustbert.learning_curves.curve_run import stored_points
    from robustbert.reports.render import text_table

    missing = plan.missing(stored_points(plan, out))
    rows = [
        [
            f"{100 * point.size:g}%",
            f"{examples:,}",
            f"{100 * point.noise:g}%",
            f"{changed:,}",
            str(point.seed),
            "no" if point in missing else "yes",
        ]
        for point, (examples, changed) in plan.rows.items()
    ]
    header = ["size", "examples", "noise", "wrong labels", "seed", "measured"]
    print_report(text_table(header, rows, terminal_width()) + "\n")
    return 0


def _options(options: Any) -> CurveOptions:
    from robustbert.learning_curves import CurveOptions
    from robustbert.learning_curves.curve_options import recipe_names

    lists = {"sizes": options.sizes, "noises": options.noise, "seeds": options.seeds}
    given = {name: tuple(values) for name, values in lists.items() if values is not None}
    if options.recipes is not None:
        given["recipes"] = recipe_names(options.recipes)
    training = {name: getattr(options, name) for name in _TRAINING}
    return CurveOptions(
        model=options.model,
        full_grid=options.full_grid,
        num_examples=options.num_examples,
        track=options.track,
        split=options.split,
        defenses=chosen_defenses(options),
        training={name: value for name, value in training.items() if value is not None},
        dtype=options.dtype,
        device=options.device,
        **given,
    )
