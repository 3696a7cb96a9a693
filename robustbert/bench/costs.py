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


# Printed by `python benchmarks/costs.py` from results/*/records and outcomes of 2026: per recipe
# and track, the queries of all examples by the words of their texts (over 10 or 11 cells; a2t: 4),
# and attack_seconds less victim_seconds by those queries, on one thread of an AMD EPYC. These
# records are of protocol revision 1: their queries are TextAttack's own count, more than the
# distinct texts that are counted now (in iga's searches about twice as many).
COSTS: Mapping[tuple[str, str], Cost] = MappingProxyType(
    {
        ("a2t", "published"): Cost(0.46, 60.21),
        ("a2t", "unified"): Cost(0.60, 18.92),
        ("deepwordbug", "published"): Cost(1.49, 0.76),
        ("deepwordbug", "unified"): Cost(1.05, 6.48),
        ("iga", "published"): Cost(81.90, 1.50),
        ("iga", "unified"): Cost(33.35, 3.22),
        ("pruthi", "published"): Cost(15.75, 0.15),
        ("pruthi", "unified"): Cost(14.17, 1.90),
        ("pwws", "published"): Cost(6.09, 0.34),
        ("pwws", "unified"): Cost(5.18, 2.42),
        ("textbugger", "published"): Cost(2.35, 7.41),
        ("textbugger", "unified"): Cost(4.90, 5.97),
        ("textfooler", "published"): Cost(4.99, 3.29),
        ("textfooler", "unified"): Cost(3.23, 5.10),
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

    >>> attack_cost("pwws", "unified", 1000, 0.001)
    AttackCost(queries=5180.0, seconds=17.7156)
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
