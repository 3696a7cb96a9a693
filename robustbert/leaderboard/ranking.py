"""Which rows of a board rank, and how: by worst-case accuracy over the core recipes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.leaderboard.best_known import core_survivors
from robustbert.metrics import Rank, bootstrap_ranks
from robustbert.reports.conditions import (
    COMPARED_RECIPE_CONDITIONS,
    differences,
    row_differences,
)
from robustbert.reports.table_groups import Group
from robustbert.reports.table_rows import Outcomes, Replicate, Row
from robustbert.reports.wording import listed

#: The track on which rows rank: all recipes have the same limits there.
RANKED_TRACK = "unified"
#: The number of bootstrap samples of the rank intervals.
RESAMPLES = 10_000
_SEED = 0


@dataclass(frozen=True)
class Standing:
    """Whether a row ranks.

    Args:
        rank: its rank by worst-case accuracy; None if it does not rank.
        not_ranked: why it does not rank; empty if it does.
    """

    rank: Rank | None
    not_ranked: str


def standings(group: Group, outcomes: Outcomes) -> list[Standing]:
    """Rank the rows of a group, in their order.

    A row ranks if every core recipe ran on it, on the same examples and under the same conditions
    as on most such rows, and if the attacks knew its defenses where this could matter.
    """
    if group.track != RANKED_TRACK:
        return [Standing(None, f"rows rank on the {RANKED_TRACK} track only")] * len(group.rows)
    reasons = [incomplete(row) or _not_adaptive(row) for row in group.rows]
    complete = [index for index, reason in enumerate(reasons) if not reason]
    scores = {index: _scores(group.rows[index], outcomes) for index in complete}
    for index, reason in _not_comparable(group.rows, scores).items():
        reasons[index] = reason
    ranked = [index for index in complete if not reasons[index]]
    examples = sorted(scores[ranked[0]]) if ranked else []
    values = [[scores[index][example] for example in examples] for index in ranked]
    found = bootstrap_ranks(values, _SEED, resamples=RESAMPLES) if ranked else ()
    ranks = dict(zip(ranked, found, strict=True))
    return [Standing(ranks.get(index), reason) for index, reason in enumerate(reasons)]


def _not_adaptive(row: Row) -> str:
    """Why a row has no attack that knew its defenses; empty if it has one, or needs none."""
    records = [record for one in row.replicates for record in one.records.values()]
    if any(record.protocol.adaptive is False for record in records):
        return "attacked without knowledge of its defenses; add a row with adaptive = true"
    return ""


def incomplete(row: Row) -> str:
    """Why a row has no worst case over all core recipes; empty if it has one."""
    return next(filter(None, map(incomplete_replicate, row.replicates)), "")


def incomplete_replicate(replicate: Replicate) -> str:
    """Why a replicate has no worst case over all core recipes; empty if it has one."""
    missing = [recipe for recipe in CORE_RECIPES if recipe not in replicate.records]
    return f"not attacked by {listed(missing)}" if missing else replicate.no_worst_case


def _scores(row: Row, outcomes: Outcomes) -> dict[str, float]:
    """The share of replicates in which an example survives all core recipes, keyed by its id.

    Empty if its replicates ran on different examples.
    """
    survivors = [core_survivors(one, outcomes) for one in row.replicates]
    if any(one.keys() != survivors[0].keys() for one in survivors):
        return {}
    return {
        example: sum(one[example] for one in survivors) / len(survivors) for example in survivors[0]
    }


def _not_comparable(
    rows: Sequence[Row], scores: Mapping[int, Mapping[str, float]]
) -> dict[int, str]:
    """Why complete rows cannot be compared with most others, keyed by their index."""
    if not scores:
        return {}
    found = _differences([rows[index] for index in scores])
    reasons = {
        index: "; ".join(differing)
        for index, differing in zip(scores, found, strict=True)
        if differing
    }
    ids = {i: frozenset(of_row) for i, of_row in scores.items() if i not in reasons}
    times = Counter(examples for examples in ids.values() if examples)
    common = max(times, key=lambda one: (times[one], len(one)), default=frozenset())
    for index, examples in ids.items():
        if not examples:
            reasons[index] = "its replicates ran on different examples"
        elif examples != common:
            number = f"{len(examples)} instead of {len(common)}"
            reasons[index] = f"attacked on other examples ({number})"
    return reasons


def _differences(rows: Sequence[Row]) -> list[list[str]]:
    """How the conditions of the core recipes differ from those of most rows."""
    records = [row.replicates[0].records for row in rows]
    # all records of a row have the same row conditions
    found = row_differences([one[CORE_RECIPES[0]] for one in records])
    for recipe in CORE_RECIPES:
        of_recipe = [one[recipe] for one in records]
        by_recipe = differences(of_recipe, COMPARED_RECIPE_CONDITIONS, of_recipe)
        for of_row, differing in zip(found, by_recipe, strict=True):
            of_row += [f"{recipe}: {difference}" for difference in differing]
    return found
