"""Simulate how often the gate fails, with and without a true drop.

    python benchmarks/gate_simulation.py [COMPARISONS]

Draws the numbers of lost and gained examples of each measure of a comparison, independently, and
decides with the default policy; by default 5,000 comparisons per line. Prints the share that fails
without a drop and with the smallest drop that reports state, in one of the measures; and the same
if up to 300 failing comparisons are tested again on fresh examples, of which there are enough, as
``--confirm`` does. The numbers of ``docs/gate.md`` come from it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache

import numpy as np

from robustbert.gate import GatePolicy
from robustbert.gate.policy import POWER
from robustbert.metrics import (
    examples_needed,
    holm,
    mcnemar_of_counts,
    mcnemar_power,
    smallest_drop,
)

POLICY = GatePolicy()
MEASURES, SHARES, SIZES = (1, 6, 20), (0.05, 0.2), (100, 300, 1000)
MAX_CONFIRMED = 300


@dataclass(frozen=True)
class Flips:
    """The lost and the gained examples of one measure.

    Args:
        lost: the number that only the base classifies correctly.
        gained: the number that only the candidate classifies correctly.
        n: the number of examples.
    """

    lost: int
    gained: int
    n: int

    @property
    def drop(self) -> float:
        """The measured drop."""
        return (self.lost - self.gained) / self.n

    @property
    def discordant(self) -> float:
        """The share of discordant examples that computations of power assume."""
        return max(0.05, (self.lost + self.gained) / self.n)


@cache
def p_value(lost: int, gained: int, n: int) -> float:
    """The p-value of the exact McNemar test."""
    return mcnemar_of_counts(gained, lost, n).p_value


def draw(random: np.random.Generator, n: int, drop: float, share: float) -> Flips:
    """Flips of a measure with a true drop and a share of discordant examples."""
    share = max(share, drop)
    lost, gained, _ = random.multinomial(n, [(share + drop) / 2, (share - drop) / 2, 1 - share])
    return Flips(int(lost), int(gained), n)


def regressions(measures: list[Flips]) -> list[int]:
    """The indices of the measures that fail, as in :func:`robustbert.gate.compare_runs`."""
    adjusted = holm([p_value(one.lost, one.gained, one.n) for one in measures])
    return [
        i
        for i, (one, p) in enumerate(zip(measures, adjusted, strict=True))
        if p <= POLICY.alpha and one.drop > POLICY.max_drop
    ]


def still_fails(
    random: np.random.Generator, measures: list[Flips], drops: list[float], share: float
) -> bool:
    """Whether a comparison still fails after ``--confirm``."""
    failing = regressions(measures)
    alpha = POLICY.alpha / len(failing)
    fresh = []
    for i in failing:
        one = measures[i]
        needed = examples_needed(one.drop, one.discordant, alpha) or 0
        fresh.append(draw(random, max(one.n, needed), drops[i], share))
    if regressions(fresh):
        return True
    return any(
        mcnemar_power(new.n, measures[i].drop, measures[i].discordant, alpha) < POWER
        for i, new in zip(failing, fresh, strict=True)
    )


def simulate(measures: int, share: float, n: int, drop: float, comparisons: int) -> str:
    """The shares of comparisons that fail without and with confirmation, in %."""
    random = np.random.default_rng(0)
    drops = [drop, *[0.0] * (measures - 1)]
    drawn = [[draw(random, n, one, share) for one in drops] for _ in range(comparisons)]
    failing = [flips for flips in drawn if regressions(flips)]
    share_failing = 100 * len(failing) / comparisons
    tested = failing[:MAX_CONFIRMED]
    confirmed = sum(still_fails(random, flips, drops, share) for flips in tested)
    rest = share_failing * confirmed / len(tested) if tested else 0.0
    return f"{share_failing:6.2f} {rest:10.2f}"


def main(comparisons: int) -> None:
    """Print one line per number of measures, share of discordant examples and size."""
    print(f"{comparisons:,} comparisons per line; share that fails in %")
    print("                                 no drop         smallest drop (points)")
    print("measures  discordant     n   fails  confirmed     drop   fails  confirmed")
    for measures in MEASURES:
        for share in SHARES:
            for n in SIZES:
                drop = smallest_drop(n, share, POLICY.alpha / measures)
                assert drop is not None
                without = simulate(measures, share, n, 0.0, comparisons)
                with_drop = simulate(measures, share, n, drop, comparisons)
                place = f"{measures:8}  {share:10.0%}  {n:4}"
                print(f"{place}  {without}   {100 * drop:6.1f}  {with_drop}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 2 or any(not argument.isdigit() for argument in sys.argv[1:]):
        sys.exit(__doc__)
    main(int(sys.argv[1]) if len(sys.argv) == 2 else 5000)
