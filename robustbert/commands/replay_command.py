"""``robustbert replay``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import add_command, add_dtype_and_device, add_labels
from robustbert.commands.output_files import check_output_files
from robustbert.commands.terminal import print_error, print_report
from robustbert.errors import InputError

if TYPE_CHECKING:
    from robustbert.gate import Replay


def add_replay(subparsers: Any) -> None:
    """Add the command ``replay``."""
    command = add_command(
        subparsers,
        "replay",
        replay,
        "score the adversarial texts that a run stored on another model: transfer, a cheap first "
        "gate",
    )
    command.add_argument(
        "--from",
        dest="run_folder",
        type=Path,
        required=True,
        metavar="RUN",
        help="output folder of bench or attack, with texts",
    )
    command.add_argument(
        "--model", required=True, help="a folder or hub:NAME; NAME=FOLDER chooses the shown name"
    )
    for option, kind in (
        ("--dataset", "dataset"),
        ("--row", "row of the table, whose model was attacked"),
        ("--recipe", "recipe"),
    ):
        command.add_argument(option, metavar="NAME", help=f"use only texts of this {kind}")
    command.add_argument(
        "--fail-under",
        type=float,
        metavar="X",
        help="exit with 1 if the accuracy on stored texts of a dataset and track is below X, 0 to "
        "1",
    )
    command.add_argument(
        "--on",
        choices=("low", "value"),
        help="what --fail-under compares: the lower end of the 95%% interval (default) or the "
        "value",
    )
    command.add_argument("--markdown", type=Path, metavar="FILE", help="also write Markdown")
    command.add_argument("--json", type=Path, metavar="FILE", help="also write JSON")
    add_labels(command)
    add_dtype_and_device(command, "inference")


def replay(options: Any) -> int:
    """Run ``robustbert replay``."""
    from robustbert.bench import check_dtype_and_device
    from robustbert.gate import load_replayed, replay_texts
    from robustbert.gate.replay_report import (
        render_replay,
        render_replay_markdown,
        replay_as_json,
    )
    from robustbert.io import write_text
    from robustbert.reports.run_view import Selection, select_cells

    minimum = options.fail_under
    if minimum is not None and not 0 <= minimum <= 1:  # also for NaN
        raise InputError(f"--fail-under is {minimum}; give a number from 0 to 1")
    if minimum is None and options.on is not None:
        raise InputError("--on is given without --fail-under; add, say, --fail-under 0.5")
    check_output_files(
        {"--markdown": options.markdown, "--json": options.json}, [options.run_folder]
    )
    check_dtype_and_device(options.dtype, options.device)
    selection = Selection(dataset=options.dataset, model=options.row, recipe=options.recipe)
    cells = select_cells(options.run_folder, selection)
    classifier = load_replayed(
        options.model, cells, labels=options.labels, dtype=options.dtype, device=options.device
    )
    result = replay_texts(options.run_folder.name or "the run", cells, classifier)
    print_report(render_replay(result))
    if options.markdown is not None:
        write_text(options.markdown, render_replay_markdown(result))
    if options.json is not None:
        write_text(options.json, replay_as_json(result))
    return 0 if minimum is None else _judge(result, minimum, options.on or "low")


def _judge(result: Replay, minimum: float, on: str) -> int:
    """Print the groups below the minimum; the exit code."""
    from robustbert.reports.wording import percent

    what = "lower end of the interval" if on == "low" else "value"
    below = result.below(minimum, on)
    for group in below:
        print_error(
            f"accuracy on stored texts of {group.name}: {percent(group.transfer.accuracy)}, below "
            f"{100 * minimum:g} (by the {what})"
        )
    return 1 if below else 0
