"""Thresholds for accuracies: the gate without a baseline (``--fail-under``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from robustbert.attacks.recipes import CORE_RECIPES, RECIPES
from robustbert.bench import Cell, Plan
from robustbert.errors import InputError, UnknownNameError
from robustbert.frozen import FrozenMapping
from robustbert.gate.policy import CLEAN, WORST_CASE
from robustbert.metrics import examples_to_reach, wilson_interval
from robustbert.reports.wording import listed
from robustbert.validation import is_proportion

On: TypeAlias = Literal["low", "value"]
"""The number that a threshold applies to: the lower end of the 95% interval, or the value."""

#: How messages name the option that the thresholds come from.
OPTION = "--fail-under"


@dataclass(frozen=True)
class Thresholds:
    """The smallest accuracies that pass.

    With ``on="low"``, the lower end of the 95% Wilson interval must reach the threshold. So a run
    passes only if it has enough examples to show that the accuracy is not lower: with few examples
    the interval is wide, and the same accuracy fails that passes with more.

    Args:
        minima: proportions in [0, 1], keyed by recipe, ``worst_case`` (over the core recipes of the
            run) or ``clean``.
        on: ``low`` or ``value``.

    Raises:
        InputError: there is no threshold, or one is not a number in [0, 1].
        UnknownNameError: ``on`` is neither ``low`` nor ``value``.

    >>> Thresholds({"worst_case": 0.4}).on
    'low'
    """

    minima: Mapping[str, float]
    on: On = "low"

    def __post_init__(self) -> None:
        if not self.minima:
            raise InputError("there is no threshold; give at least one, such as worst_case=0.4")
        for name, minimum in self.minima.items():
            if not is_proportion(minimum):
                raise InputError(
                    f"the threshold of {name} is {minimum!r:.80}; give a proportion from 0 to 1, "
                    "such as 0.4 for 40%"
                )
        if self.on not in get_args(On):
            raise UnknownNameError("number to compare with thresholds", str(self.on), get_args(On))
        object.__setattr__(self, "minima", FrozenMapping(self.minima))


def parse_thresholds(text: str, on: On = "low") -> Thresholds:
    """Parse thresholds that are separated by commas, as after ``--fail-under``.

    >>> dict(parse_thresholds("worst_case=0.4, pwws=0.3").minima)
    {'worst_case': 0.4, 'pwws': 0.3}

    Raises:
        InputError: a part is not ``NAME=NUMBER`` with a number in [0, 1], or a name is repeated.
    """
    minima: dict[str, float] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, equals, number = map(str.strip, part.rpartition("="))
        if not (equals and name):
            raise InputError(
                f"{OPTION}: {part!r} is not NAME=NUMBER; write, for example, worst_case=0.4"
            )
        if name in minima:
            raise InputError(f"{OPTION}: {name} is given twice; remove one of them")
        try:
            minima[name] = float(number)
        except ValueError:
            raise InputError(
                f"{OPTION}: {number!r} is not a number; write, for example, {name}=0.4"
            ) from None
    return Thresholds(minima, on)


def check_measurable(thresholds: Thresholds, plan: Plan, option: str = OPTION) -> None:
    """Check before a run that a plan measures everything that has a threshold.

    Args:
        thresholds: the thresholds.
        plan: what will be run.
        option: how messages name the option that the thresholds come from.

    Raises:
        UnknownNameError: a name is neither ``worst_case`` nor ``clean`` nor a recipe.
        InputError: a recipe is not in the plan, no core recipe is, a model cannot be attacked with
            the recipe, or the plan has too few examples for the lower end of an interval to reach
            the threshold.
    """
    for name, minimum in thresholds.minima.items():
        recipes = _recipes_of(name, plan, option)
        _check_runnable(name, recipes, plan, option)
        if thresholds.on == "low":
            _check_reachable(name, minimum, recipes, plan, option)


def _recipes_of(name: str, plan: Plan, option: str) -> tuple[str, ...]:
    """The recipes of a plan that measure something; it is checked that there is one."""
    planned = tuple(dict.fromkeys(cell.recipe for cell in (*plan.cells, *plan.skipped)))
    if name == CLEAN:
        return planned
    if name == WORST_CASE:
        core = tuple(recipe for recipe in CORE_RECIPES if recipe in planned)
        if not core:
            raise InputError(
                f"{option}: {WORST_CASE} is computed over the core recipes "
                f"({', '.join(CORE_RECIPES)}), and none of them is run; add one to the recipes"
            )
        return core
    if name in planned:
        return (name,)
    if name in RECIPES:
        raise InputError(
            f"{option}: the recipe {name} is not among those that are run ({listed(planned)}); add "
            "it to them, or remove its threshold"
        )
    raise UnknownNameError("threshold", name, (WORST_CASE, CLEAN, *planned), option)


def _check_runnable(name: str, recipes: Iterable[str], plan: Plan, option: str) -> None:
    """Check that every model can be attacked with one of the recipes."""
    runnable = {_row_of(cell) for cell in plan.cells if cell.recipe in recipes}
    for cell in plan.skipped:
        if cell.recipe in recipes and _row_of(cell) not in runnable:
            raise InputError(
                f"{option}: {name} cannot be measured for {cell.victim.label}: {cell.recipe} needs "
                "gradients, which it does not provide; remove the threshold or the model"
            )


def _row_of(cell: Cell) -> tuple[object, ...]:
    return cell.dataset, cell.victim, cell.track


def _check_reachable(
    name: str, minimum: float, recipes: Iterable[str], plan: Plan, option: str
) -> None:
    """Check that the lower end of an interval reaches the threshold if every example is right."""
    largest: dict[str, int] = {}
    for cell in plan.cells:
        if cell.recipe in recipes:
            largest[cell.dataset] = max(cell.n, largest.get(cell.dataset, 0))
    n = min(largest.values())
    low = wilson_interval(n, n).low
    if low < minimum:
        needed = examples_to_reach(minimum, 1.0)
        more = "" if needed is None else f"run at least {needed} examples, or "
        value = "--on value" if option == OPTION else 'on="value"'
        raise InputError(
            f"{option}: {name}={minimum:g} cannot be reached with n={n}: the lower end of the "
            f"interval is at most {low:.3f}; {more}compare the value instead ({value})"
        )
