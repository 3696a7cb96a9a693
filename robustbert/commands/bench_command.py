"""``robustbert bench`` and ``robustbert attack``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import (
    add_assets_profile,
    add_command,
    add_dtype_and_device,
    add_labels,
    integer,
    integers,
    names,
)
from robustbert.commands.dataset_options import (
    add_dataset_options,
    chosen_datasets,
    reading_options,
)
from robustbert.commands.defense_options import add_defense_options, chosen_defenses
from robustbert.commands.executor_options import add_executor_options, chosen_cluster
from robustbert.commands.strict_option import add_strict, marks_fail
from robustbert.commands.terminal import INTERRUPTED, print_error, print_report
from robustbert.commands.threshold_options import add_thresholds, chosen_thresholds
from robustbert.console import terminal_width
from robustbert.errors import InputError

if TYPE_CHECKING:
    from robustbert.bench import BenchResult, Cell, Plan, RunOptions
    from robustbert.gate import Thresholds


def add_bench(subparsers: Any) -> None:
    """Add the command ``bench``."""
    command = add_command(
        subparsers, "bench", bench, "run a suite and tabulate accuracy with and without attacks"
    )
    command.add_argument(
        "--suite",
        help="a name (see robustbert list suites) or a TOML file; default: quick",
    )
    add_dataset_options(command, several=True)
    command.add_argument(
        "--split",
        metavar="NAME",
        help="split to attack: train, validation, test, or all for the whole dataset; default: "
        "from the suite",
    )
    for option, values in (
        ("--models", "names, folders, hub:NAME, or NAME=FOLDER to choose the name in tables"),
        ("--recipes", "names (see robustbert list recipes)"),
        ("--track", "unified, published or unified-li"),
    ):
        command.add_argument(
            option,
            type=names,
            metavar="NAME[,NAME]",
            help=f"{values}, separated by commas; default: from the suite",
        )
    add_defense_options(command, "all models of the run")
    command.add_argument(
        "-n",
        "--num-examples",
        type=integer,
        metavar="N",
        help="number of examples per dataset; default: from the suite, or 100, or all if fewer",
    )
    command.add_argument(
        "--seed",
        type=integer,
        metavar="N",
        help="seed for example selection and attacks, and for training unless training seeds are "
        "given; default: from the suite",
    )
    command.add_argument(
        "--training-seeds",
        type=integers,
        metavar="N[,N]",
        help="train each model once per seed (models that are already trained are not affected); "
        "default: training_seeds of the suite, or else --seed",
    )
    command.add_argument(
        "--dry-run",
        action="store_true",
        help="list the cells with estimated queries and hours, and run nothing",
    )
    _add_run_options(command, "runs/SUITE-TIME, or runs/bench-TIME for your own models or data")


def add_attack(subparsers: Any) -> None:
    """Add the command ``attack``."""
    command = add_command(
        subparsers, "attack", attack, "attack one model with one or several recipes"
    )
    command.add_argument(
        "--model",
        required=True,
        help="a model folder, hub:NAME, or a name (see robustbert list models), which is trained "
        "first; NAME=FOLDER chooses the name in tables",
    )
    add_defense_options(command, "the model", adaptive=True)
    add_dataset_options(command)
    command.add_argument(
        "--recipe",
        required=True,
        type=names,
        metavar="NAME[,NAME]",
        help="names, separated by commas (see robustbert list recipes)",
    )
    command.add_argument(
        "-n",
        "--num-examples",
        type=integer,
        metavar="N",
        help="number of examples; default: 100, or all if there are fewer",
    )
    command.add_argument(
        "--track", default="unified", help="unified (default), published or unified-li"
    )
    command.add_argument(
        "--split",
        default="test",
        help="split to attack: train, validation, test (default), or all for the whole dataset",
    )
    command.add_argument(
        "--seed",
        type=integer,
        default=0,
        metavar="N",
        help="seed for training, example selection and attacks; default: 0",
    )
    _add_run_options(command, "runs/attack-TIME")


def _add_run_options(command: Any, out: str) -> None:
    command.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help=f"folder for records, outcomes and tables; a run in it is resumed; default: {out}",
    )
    command.add_argument(
        "--allow-errors", action="store_true", help="exit with 0 even if attacks failed"
    )
    add_assets_profile(command, suite=True)
    add_strict(command, "the run")
    add_thresholds(command)
    add_labels(command)
    add_dtype_and_device(command, "inference")
    command.add_argument(
        "--lanes",
        type=integer,
        metavar="N",
        help="number of concurrent searches (examples); does not affect results; default: 128",
    )
    command.add_argument(
        "--token-budget",
        type=integer,
        metavar="N",
        help="maximum tokens per batch; does not affect results; default: depends on the device",
    )
    add_executor_options(command)


def bench(options: Any) -> int:
    """Run ``robustbert bench``."""
    from robustbert.bench import Overrides, default_out, load_suite, make_plan

    overrides = Overrides(
        datasets=chosen_datasets(options),
        models=options.models,
        defenses=chosen_defenses(options),
        labels=options.labels,
        recipes=options.recipes,
        tracks=options.track,
        num_examples=options.num_examples,
        seed=options.seed,
        training_seeds=options.training_seeds,
        split=options.split,
        assets=options.assets_profile,
        **reading_options(options),
    )
    plan = make_plan(load_suite(options.suite or "quick"), overrides)
    if options.suite is None and (overrides.models or overrides.datasets or overrides.defenses):
        plan = dataclasses.replace(plan, suite=None)  # not the quick suite any more
    out = options.out or default_out(plan.suite or "bench")
    thresholds = _thresholds(plan, options)
    if options.dry_run:
        return _dry_run(plan, options, out)
    return _run(plan, thresholds, options, out)


def attack(options: Any) -> int:
    """Run ``robustbert attack``, which is a suite of one model."""
    from robustbert.bench import Overrides, Suite, default_out, make_plan

    for name in ("model", "recipe", "track", "split"):
        if not getattr(options, name):
            raise InputError(f"--{name} is empty; give a name")
    suite = Suite(
        name="attack",
        models=(options.model,),
        recipes=tuple(options.recipe),
        tracks=(options.track,),
        split=options.split,
    )
    overrides = Overrides(
        datasets=chosen_datasets(options),
        defenses=chosen_defenses(options),
        adaptive=options.adaptive,
        labels=options.labels,
        num_examples=options.num_examples,
        seed=options.seed,
        **reading_options(options),
    )
    plan = dataclasses.replace(make_plan(suite, overrides), suite=None)
    thresholds = _thresholds(plan, options)
    return _run(plan, thresholds, options, options.out or default_out("attack"))


def _thresholds(plan: Plan, options: Any) -> Thresholds | None:
    """The thresholds of the command line, which the plan measures; None if there are none."""
    thresholds = chosen_thresholds(options)
    if thresholds is not None:
        from robustbert.gate import check_measurable

        check_measurable(thresholds, plan)
    return thresholds


def _dry_run(plan: Plan, options: Any, out: Path) -> int:
    from robustbert.bench import estimate_plan, estimate_text

    print(estimate_text(estimate_plan(plan, _run_options(options, out))))
    _print_skipped(plan.skipped)
    return 0


def _run(plan: Plan, thresholds: Thresholds | None, options: Any, out: Path) -> int:
    from robustbert.bench import run_plan
    from robustbert.reports import render_text

    try:
        result = run_plan(plan, _run_options(options, out))
    except KeyboardInterrupt:
        print_error(f"interrupted; to resume, run the same command with --out {out}")
        return INTERRUPTED
    print_report(f"{render_text(result.table, terminal_width())}\n")
    _print_skipped(result.skipped)
    passed = thresholds is None or _compare(result, thresholds)
    passed = not (options.strict and marks_fail(result.records)) and passed
    print(f"{result.seconds:.0f} s; records, outcomes and tables are in {out}")
    return 1 if _failed_attacks(result, options, out) or not passed else 0


def _compare(result: BenchResult, thresholds: Thresholds) -> bool:
    """Compare a run with thresholds and print the result; whether all passed."""
    from robustbert.gate import check_thresholds, thresholds_text

    report = check_thresholds(result.records, result.outcomes, thresholds)
    print_report(f"{thresholds_text(report)}\n")
    if not report.passed:
        print_error(report.summary)
    return report.passed


def _failed_attacks(result: BenchResult, options: Any, out: Path) -> bool:
    """Whether attacks failed, and this was not allowed; if so, print how to see them."""
    from robustbert.reports.wording import counted

    if not result.errors or options.allow_errors:
        return False
    print_error(
        f"{counted(result.errors, 'attack')} failed; see the lines with status error in "
        f"{out / 'outcomes'}; to exit with 0 anyway, add --allow-errors"
    )
    return True


def _run_options(options: Any, out: Path) -> RunOptions:
    from robustbert.bench import RunOptions

    return RunOptions(
        out=out,
        dtype=options.dtype,
        device=options.device,
        lanes=options.lanes,
        token_budget=options.token_budget,
        command=options.command,
        cluster=chosen_cluster(options),
    )


def _print_skipped(cells: Iterable[Cell]) -> None:
    for cell in cells:
        print(f"skipped: {cell.recipe} needs gradients, which {cell.victim.label} does not provide")
