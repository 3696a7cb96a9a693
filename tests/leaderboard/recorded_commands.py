"""What a recorded command would run again."""

from __future__ import annotations

import shlex

from robustbert.bench import Overrides, Plan, load_suite, make_plan
from robustbert.cli import _parser
from robustbert.commands.dataset_options import chosen_datasets

#: Suites whose rows do not rank with those of the leaderboard, and the folders of their results.
OTHER_SUITES = {
    "defenses": "results/defenses",
    "defense_selection": "results/defense-selection",
    "composition_selection": "results/composition-selection",
    "best_defenses": "results/best-defenses",
    "masked_models": "results/masked-models",
}


def plan_of_command(command: str) -> Plan:
    """The plan of a recorded ``robustbert bench`` of a suite."""
    program, *arguments = shlex.split(command)
    assert (program, arguments[0]) == ("robustbert", "bench")
    options = _parser().parse_args(arguments)
    overrides = Overrides(
        datasets=chosen_datasets(options),
        models=options.models,
        recipes=options.recipes,
        tracks=options.track,
        num_examples=options.num_examples,
        seed=options.seed,
        split=options.split,
    )
    return make_plan(load_suite(options.suite), overrides)
