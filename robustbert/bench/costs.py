"""What attacks cost, from committed records: for estimates before a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Cost:
    """What a recipe costs under a track.

    Args:
        queries_per_word: queries of an example, for each word of its text.
        overhead_ms: milliseconds per query that are not the victim's: the search, the sentence
            encoder, the checks.
    """

    queries_per_word: float
    overhead_ms: float


# Printed by `python benchmarks/costs.py` from results/*/records and outcomes: per recipe and track,
# the queries of all examples by the words of their texts (over 10 or 11 cells; a2t: 4), and
# attack_seconds less victim_seconds by those queries, on one thread of an Intel Xeon with AMX while
# other work ran beside.
COSTS: Mapping[tuple[str, str], Cost] = MappingProxyType(
    {
        ("a2t", "published"): Cost(0.60, 15.40),
        ("a2t", "unified"): Cost(0.88, 7.85),
        ("deepwordbug", "published"): Cost(1.58, 0.92),
        ("deepwordbug", "unified"): Cost(1.13, 6.86),
        ("iga", "published"): Cost(60.29, 1.45),
        ("iga", "unified"): Cost(23.87, 4.87),
        ("pruthi", "published"): Cost(16.29, 0.09),
        ("pruthi", "unified"): Cost(14.80, 0.69),
        ("pwws", "published"): Cost(5.99, 0.24),
        ("pwws", "unified"): Cost(5.04, 1.77),
        ("textbugger", "published"): Cost(2.50, 2.81),
        ("textbugger", "unified"): Cost(4.76, 2.64),
        ("textfooler", "published"): Cost(5.49, 1.38),
        ("textfooler", "unified"): Cost(3.72, 2.85),
    }
)


@dataclass(frozen=True)
class AttackCost:
    """What an attack costs; None where it is not known.

    Args:
        queries: all of them.
        seconds: of the whole attack.
    """

    queries: float | None
    seconds: float | None


def attack_cost(recipe: str, track: str, words: float, query_seconds: float | None) -> AttackCost:
    """What an attack on texts costs.

    Args:
        recipe: its name; one that no committed record tells of has no known cost.
        track: its name; one like ``unified`` (``unified-li``) is taken to cost the same.
        words: of all texts together.
        query_seconds: the victim's, per text; None if not known.

    >>> attack_cost("pwws", "unified", 1000, 0.003)
    AttackCost(queries=5040.0, seconds=24.0408)
    >>> attack_cost("bae", "unified", 1000, 0.001)
    AttackCost(queries=None, seconds=None)
    """
    cost = COSTS.get((recipe, track)) or COSTS.get((recipe, track.partition("-")[0]))
    if cost is None:
        return AttackCost(None, None)
    queries = cost.queries_per_word * words
    if query_seconds is None:
        return AttackCost(queries, None)
    return AttackCost(queries, queries * (query_seconds + cost.overhead_ms / 1000))
