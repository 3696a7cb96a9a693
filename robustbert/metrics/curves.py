"""Accuracy under attack against what an attack may spend, from its outcomes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from robustbert.errors import InputError
from robustbert.metrics.accuracies import survived
from robustbert.metrics.intervals import proportion
from robustbert.records import Metric, Outcome


@dataclass(frozen=True)
class Curve:
    """A step function: the number of examples that survive an attack that may spend x.

    Args:
        steps: the costs at which the number falls, strictly increasing, at least 0.
        survivors: the number of examples that survive, from each step on; as long as ``steps``.
        start: the number that survives below the first step.
        n: number of examples, at least 1.
    """

    steps: tuple[float, ...]
    survivors: tuple[int, ...]
    start: int
    n: int

    def at(self, x: float) -> Metric:
        """Accuracy if only examples broken at a cost of at most ``x`` count as broken.

        At infinity, this is the accuracy under attack.
        """
        passed = bisect_right(self.steps, x)
        return proportion(self.survivors[passed - 1] if passed else self.start, self.n)


def accuracy_by_words_changed(outcomes: Sequence[Outcome]) -> Curve:
    """Accuracy under attack against the share of words that the attack may change.

    An example counts as broken at x if it is broken and its adversarial text changes at most the
    share x of its words. This is the adversarial text that the attack found, which need not be the
    one with the fewest changes, so the curve is an upper bound of the accuracy under an attack with
    that limit.

    Args:
        outcomes: one per example, of one or several runs; at least one.

    Raises:
        InputError: there are no outcomes.
    """
    return _curve(outcomes, lambda outcome: (outcome.words_changed or 0) / max(1, outcome.words))


def accuracy_by_queries(outcomes: Sequence[Outcome]) -> Curve:
    """Accuracy under attack against the query budget per example.

    An example counts as broken at x if it is broken after at most x queries. A search whose steps
    do not depend on its budget would give these accuracies with a budget of x.

    Args:
        outcomes: one per example, of one or several runs; at least one. In records of protocol
            revision 1, the queries are TextAttack's own count.

    Raises:
        InputError: there are no outcomes.
    """
    return _curve(outcomes, lambda outcome: outcome.queries)


def _curve(outcomes: Sequence[Outcome], cost: Callable[[Outcome], float]) -> Curve:
    if not outcomes:
        raise InputError("a curve needs at least one outcome; give those of a finished cell")
    costs = sorted(cost(outcome) for outcome in outcomes if outcome.status == "broken")
    start = left = len(costs) + sum(map(survived, outcomes))
    steps, survivors = [], []
    for step, equal in groupby(costs):
        left -= len(list(equal))
        steps.append(step)
        survivors.append(left)
    return Curve(tuple(steps), tuple(survivors), start, len(outcomes))
