"""``robustbert tune``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import (
    add_assets_profile,
    add_command,
    add_dtype_and_device,
    integer,
    names,
)
from robustbert.commands.dataset_options import add_dataset_options, data_words, given_source
from robustbert.commands.defense_options import add_defense_options, chosen_defenses
from robustbert.commands.terminal import INTERRUPTED, print_error, print_report
from robustbert.console import terminal_width
from robustbert.errors import InputError

if TYPE_CHECKING:
    from robustbert.tuning import TuneOptions

# Options of the attack, and the fields of TuneAttack that they set.
_OF_ATTACKS = {"attack_recipe": "recipe", "attack_examples": "num_examples", "track": "track"}


def add_tune(subparsers: Any) -> None:
    """Add the command ``tune``."""
    command = add_command(
        subparsers,
        "tune",
        tune,
        "search for the training settings with the best accuracy on the validation split",
    )
    command.add_argument(
        "--models",
        type=names,
        default=["minilm"],
        metavar="NAME[,NAME]",
        help="the models to choose from: names, folders or hub:NAME; default: minilm",
    )
    command.add_argument(
        "--trials",
        type=integer,
        default=20,
        metavar="N",
        help="number of trainings, including those of an interrupted search; default: 20",
    )
    command.add_argument(
        "--objective",
        default="clean",
        metavar="NAME",
        help="what to maximize: clean (accuracy; default), attacked (accuracy under attack), or "
        "both (Pareto front)",
    )
    command.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for the study, the tables and the plot; the same command resumes a search",
    )
    _add_attack_options(command)
    add_defense_options(command, "every model")
    _add_search_options(command)
    add_assets_profile(command)
    add_dtype_and_device(command, "training")
    add_dataset_options(command)


def _add_attack_options(command: Any) -> None:
    command.add_argument(
        "--attack-recipe",
        metavar="NAME",
        help="attack of the objectives attacked and both; default: deepwordbug",
    )
    command.add_argument(
        "--attack-examples",
        type=integer,
        metavar="N",
        help="number of validation examples to attack; default: 100",
    )
    command.add_argument(
        "--track", metavar="NAME", help="published, unified (default) or unified-li"
    )


def _add_search_options(command: Any) -> None:
    command.add_argument(
        "--space",
        action="append",
        default=[],
        metavar="NAME=LOW,HIGH",
        help="the range of a setting (learning_rate, epochs, warmup_ratio, weight_decay, "
        "layer_decay), or its values (batch_size, optimizer); one value fixes it; give the option "
        "again for several",
    )
    command.add_argument(
        "--max-length", type=integer, metavar="N", help="maximum number of tokens per text"
    )
    command.add_argument(
        "--seed",
        type=integer,
        default=0,
        metavar="N",
        help="seed of the search, the trainings and the attacked examples; default: 0",
    )
    command.add_argument(
        "--timeout",
        type=float,
        metavar="SECONDS",
        help="begin no further trial after this time; default: no limit",
    )


def tune(options: Any) -> int:
    """Run ``robustbert tune``."""
    from robustbert.tuning.tune_models import check_tuning, run_tuning
    from robustbert.tuning.tune_table import render_tuning

    chosen = _options(options)
    check_tuning(chosen, options.out)
    source = given_source(options)
    if source is None:
        raise InputError("no dataset is given; give --dataset or --train-file")
    try:
        result = run_tuning(source.load(), chosen, options.out, data=data_words(options))
    except KeyboardInterrupt:
        print_error("interrupted; to resume, run the same command again")
        return INTERRUPTED
    print_report(render_tuning(result, terminal_width()))
    return 0


def _options(options: Any) -> TuneOptions:
    from robustbert.tuning import SearchSpace, TuneAttack, TuneOptions
    from robustbert.validation import build_from_settings, settings_from_text

    space = settings_from_text(SearchSpace, options.space, "search space")
    attack = {
        field: getattr(options, name)
        for name, field in _OF_ATTACKS.items()
        if getattr(options, name) is not None
    }
    if attack and options.objective == "clean":
        given = next(name for name in _OF_ATTACKS if getattr(options, name) is not None)
        raise InputError(
            f"--{given.replace('_', '-')} has no effect on the objective clean, which needs no "
            "attack; leave it out, or give --objective attacked or both"
        )
    length = {} if options.max_length is None else {"max_length": options.max_length}
    return TuneOptions(
        models=tuple(options.models),
        trials=options.trials,
        objective=options.objective,
        attack=TuneAttack(**attack),
        defenses=chosen_defenses(options),
        space=build_from_settings(SearchSpace, space, "search space"),
        seed=options.seed,
        timeout=options.timeout,
        dtype=options.dtype,
        device=options.device,
        **length,
    )
