"""The cells of a plan and those of records, described alike."""

from __future__ import annotations

import shlex

from robustbert.bench import Overrides, Plan, load_suite, make_plan
from robustbert.cli import _parser
from robustbert.commands.dataset_options import chosen_datasets
from robustbert.leaderboard.row_settings import settings_of_record, settings_of_victim
from robustbert.records import Record

#: Suites whose rows do not rank with those of the leaderboard, and the folders of their results.
OTHER_SUITES = {
    "defenses": "results/defenses",
    "defense_selection": "results/defense-selection",
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


def planned_cells(plan: Plan) -> set[tuple[object, ...]]:
    return {
        (c.dataset, plan.split, settings_of_victim(c.victim), c.track, c.recipe, c.n)
        for c in plan.cells
    }


def cell_of_record(record: Record) -> tuple[object, ...]:
    """The cell of a record, as :func:`planned_cells` describes it."""
    dataset, settings = record.dataset, settings_of_record(record)
    return (
        dataset.name,
        dataset.split,
        settings,
        record.track,
        record.recipe.name,
        record.protocol.n,
    )
