"""The best known attack on a row: the core recipes together with every later submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.metrics import mean_std, proportion, survived
from robustbert.records import Outcome, record_name
from robustbert.reports.table_rows import Outcomes, Proportion, Replicate, Row


@dataclass(frozen=True)
class BestKnown:
    """Accuracy under the best known attack, which breaks more than the core recipes.

    An example that an attack was not run on keeps its state, so the accuracy is an upper bound.

    Args:
        accuracy: the share of examples that survive the core recipes and every other attack of the
            row; the mean over replicates if there are several.
        n: number of examples: those of the worst case.
        recipes: the attacks that broke examples which survive the core recipes.
        newly_broken: the number of these examples; over all replicates if there are several.
    """

    accuracy: Proportion
    n: int
    recipes: tuple[str, ...]
    newly_broken: int


def best_known(row: Row, outcomes: Outcomes) -> BestKnown | None:
    """The best known attack on a row; None if no attack breaks more than the core recipes.

    Args:
        row: a row with a worst case over all core recipes.
        outcomes: keyed by :func:`robustbert.records.record_name`.
    """
    results = [_replicate(one, outcomes) for one in row.replicates]
    newly_broken = sum(len(one.newly_broken) for one in results)
    if not newly_broken:
        return None
    metrics = [proportion(len(one.survivors - one.newly_broken), one.n) for one in results]
    accuracy: Proportion = metrics[0]
    if len(metrics) > 1:
        accuracy = mean_std([metric.value for metric in metrics if metric.value is not None])
    recipes = dict.fromkeys(recipe for one in results for recipe in one.broken_by)
    return BestKnown(accuracy, row.n, tuple(recipes), newly_broken)


def core_survivors(replicate: Replicate, outcomes: Outcomes) -> dict[str, bool]:
    """Whether each example survives all core recipes, keyed by its id."""
    runs = _core_runs(replicate, outcomes)
    survives = {outcome.example_id: True for outcome in runs[0]}
    for outcome in (outcome for run in runs for outcome in run):
        survives[outcome.example_id] &= survived(outcome)
    return survives


@dataclass(frozen=True)
class _Result:
    """What later submissions add for one replicate.

    Args:
        n: number of examples.
        survivors: the ids of those that survive the core recipes.
        broken_by: the ids of survivors that another recipe breaks, keyed by that recipe.
    """

    n: int
    survivors: frozenset[str]
    broken_by: Mapping[str, frozenset[str]]

    @property
    def newly_broken(self) -> frozenset[str]:
        return frozenset().union(*self.broken_by.values())


def _replicate(replicate: Replicate, outcomes: Outcomes) -> _Result:
    survives = core_survivors(replicate, outcomes)
    survivors = frozenset(example for example, is_survivor in survives.items() if is_survivor)
    broken_by = {
        recipe: broken
        for recipe, record in replicate.records.items()
        if recipe not in CORE_RECIPES
        and (broken := survivors & _broken(outcomes[record_name(record)]))
    }
    return _Result(len(survives), survivors, broken_by)


def _core_runs(replicate: Replicate, outcomes: Outcomes) -> list[Sequence[Outcome]]:
    return [outcomes[record_name(replicate.records[recipe])] for recipe in CORE_RECIPES]


def _broken(outcomes: Sequence[Outcome]) -> frozenset[str]:
    """The ids of broken examples; an attack that failed with an error broke nothing."""
    return frozenset(one.example_id for one in outcomes if one.status == "broken")
