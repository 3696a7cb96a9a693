"""The costs of attacks, measured on committed records, to estimate a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class RecipeCost:
    """The cost of a recipe on a track.

    Args:
        queries_per_word: mean number of queries per word of the attacked text.
        overhead_ms: milliseconds per query spent outside of the victim: search, sentence encoder
            and constraint checks.
        success: broken examples as a share of all, those included that were already wrong.
    """

    queries_per_word: float
    overhead_ms: float
    success: float


# Printed by `python benchmarks/costs.py` from the published results. Per recipe and track:
# total queries divided by total words, over 10 or 11 cells (a2t: 4; bae, bert-attack and clare: 1);
# (attack_seconds - victim_seconds) divided by total queries, on one thread of an Intel Xeon with
# AMX that was also running other jobs (bae, bert-attack and clare: of an AMD EPYC); and broken
# examples divided by all.
COSTS: Mapping[tuple[str, str], RecipeCost] = MappingProxyType(
    {
        ("a2t", "published"): RecipeCost(0.60, 15.40, 0.14),
        ("a2t", "unified"): RecipeCost(0.88, 7.85, 0.20),
        ("bae", "unified"): RecipeCost(3.26, 7.99, 0.65),
        ("bert-attack", "unified"): RecipeCost(4.39, 2.77, 0.68),
        ("clare", "unified"): RecipeCost(43.43, 6.84, 0.77),
        ("deepwordbug", "published"): RecipeCost(1.58, 0.92, 0.65),
        ("deepwordbug", "unified"): RecipeCost(1.13, 6.86, 0.36),
        ("iga", "published"): RecipeCost(60.29, 1.45, 0.47),
        ("iga", "unified"): RecipeCost(23.87, 4.87, 0.40),
        ("pruthi", "published"): RecipeCost(16.29, 0.09, 0.17),
        ("pruthi", "unified"): RecipeCost(14.80, 0.69, 0.16),
        ("pwws", "published"): RecipeCost(5.99, 0.24, 0.66),
        ("pwws", "unified"): RecipeCost(5.04, 1.77, 0.51),
        ("textbugger", "published"): RecipeCost(2.50, 2.81, 0.57),
        ("textbugger", "unified"): RecipeCost(4.76, 2.64, 0.67),
        ("textfooler", "published"): RecipeCost(5.49, 1.38, 0.79),
        ("textfooler", "unified"): RecipeCost(3.72, 2.85, 0.61),
    }
)


@dataclass(frozen=True)
class AttackCost:
    """The cost of an attack; None where it is unknown.

    Args:
        queries: total number of queries.
        seconds: duration of the whole attack.
    """

    queries: float | None
    seconds: float | None


def recipe_cost(recipe: str, track: str) -> RecipeCost | None:
    """The cost of a recipe on a track; None if no committed record covers it."""
    return COSTS.get((recipe, track)) or COSTS.get((recipe, track.partition("-")[0]))


def attack_cost(recipe: str, track: str, words: float, query_seconds: float | None) -> AttackCost:
    """Estimate the cost of an attack.

    Args:
        recipe: name of the recipe; the cost is unknown if no committed record covers it.
        track: name of the track; ``unified-li`` is assumed to cost the same as ``unified``.
        words: total number of words of the attacked texts.
        query_seconds: seconds per query of the victim; None if unknown.

    >>> attack_cost("pwws", "unified", 1000, 0.003)
    AttackCost(queries=5040.0, seconds=24.0408)
    >>> attack_cost("bae", "published", 1000, 0.001)
    AttackCost(queries=None, seconds=None)
    """
    cost = recipe_cost(recipe, track)
    if cost is None:
        return AttackCost(None, None)
    queries = cost.queries_per_word * words
    if query_seconds is None:
        return AttackCost(queries, None)
    return AttackCost(queries, queries * (query_seconds + cost.overhead_ms / 1000))
