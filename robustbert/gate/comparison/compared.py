"""What a comparison finds out about each measure, and a comparison as its reports see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from robustbert.gate.comparison.matching import NotCompared, RowPair
from robustbert.gate.policy import GatePolicy
from robustbert.metrics import Difference
from robustbert.records import Metric

#: ``regression``: a drop that is significant and larger than allowed. ``low power``: no regression
#: was found, but the allowed drop could not have been seen, and the policy is strict.
#: ``improved``: a significant rise. ``passed``: anything else.
Verdict: TypeAlias = Literal["passed", "improved", "regression", "low power"]
#: ``confirmed``: fresh examples show a regression too. ``not confirmed``: they do not, and a drop
#: like the first one would have been seen with a power of 0.8. ``inconclusive``: they do not, but
#: they are too few.
ConfirmationVerdict: TypeAlias = Literal["confirmed", "not confirmed", "inconclusive"]


@dataclass(frozen=True)
class Power:
    """What the test of a measure can see with a power of 0.8.

    Args:
        discordant: the share of discordant examples that is assumed: the observed one, at least
            0.05.
        alpha: the level of the test: that of the policy divided by the number of tests, which is
            the strictest level that Holm's method uses.
        smallest_drop: the smallest drop that would be significant; None if not even a drop from 1
            to 0 would be.
        examples_needed: the number of examples with which the allowed drop would be significant;
            None if no number is enough, as for an allowed drop of 0.
    """

    discordant: float
    alpha: float
    smallest_drop: float | None
    examples_needed: int | None


@dataclass(frozen=True)
class ComparedMeasure:
    """One accuracy of two rows, compared on the same examples.

    Args:
        rows: the two rows.
        dataset: name of the dataset.
        split: name of the split.
        track: name of the track; None for clean accuracy.
        measure: the name of a recipe, ``worst_case`` or ``clean``.
        recipes: the recipes that it is computed over; empty for clean accuracy.
        base: the accuracy of the base on the compared examples.
        candidate: the accuracy of the candidate on the compared examples.
        difference: candidate minus base, with its paired bootstrap interval.
        p_value: of the exact McNemar test.
        adjusted_p: the p-value after Holm's correction over all measures of the comparison.
        lost: ids of the examples that only the base classifies correctly.
        gained: ids of the examples that only the candidate classifies correctly.
        max_drop: the allowed drop.
        power: what the test can see.
        verdict: whether the candidate is worse.
        allowed: differences between the compared cells that were allowed.
        confirmation: the test of a regression on fresh examples; None if there was none.
    """

    rows: RowPair
    dataset: str
    split: str
    track: str | None
    measure: str
    recipes: tuple[str, ...]
    base: Metric
    candidate: Metric
    difference: Difference
    p_value: float
    adjusted_p: float
    lost: tuple[str, ...]
    gained: tuple[str, ...]
    max_drop: float
    power: Power
    verdict: Verdict
    allowed: tuple[str, ...] = ()
    confirmation: Confirmation | None = None

    @property
    def n(self) -> int:
        """The number of compared examples."""
        return self.difference.n

    @property
    def failed(self) -> bool:
        """Whether the candidate does not pass; a regression that is not confirmed passes."""
        if self.confirmation is not None and self.confirmation.verdict == "not confirmed":
            return False
        return self.verdict in ("regression", "low power")

    @property
    def has_power(self) -> bool:
        """Whether there are enough examples to see the allowed drop with a power of 0.8."""
        needed = self.power.examples_needed
        return needed is not None and self.n >= needed


@dataclass(frozen=True)
class Confirmation:
    """The test of a regression on fresh examples with fresh seeds.

    Args:
        seed: the seed that selected the examples and with which they were attacked.
        fresh: the measure on the fresh examples; its p-value is corrected over the measures that
            were tested again. None if no example was left.
        power: the power of the test to see a drop as large as the first one, in [0, 1].
        verdict: whether the regression is confirmed.
    """

    seed: int
    fresh: ComparedMeasure | None
    power: float
    verdict: ConfirmationVerdict


class Compared(Protocol):
    """A comparison, as the functions that format it see it."""

    @property
    def base(self) -> str:
        """What the base is called."""
        ...

    @property
    def candidate(self) -> str:
        """What the candidate is called."""
        ...

    @property
    def policy(self) -> GatePolicy:
        """The policy."""
        ...

    @property
    def measures(self) -> tuple[ComparedMeasure, ...]:
        """The compared accuracies."""
        ...

    @property
    def not_compared(self) -> tuple[NotCompared, ...]:
        """Cells and rows that were not compared."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats, one sentence each."""
        ...

    @property
    def failures(self) -> tuple[ComparedMeasure, ...]:
        """The measures that do not pass."""
        ...

    @property
    def refused(self) -> tuple[NotCompared, ...]:
        """What could not be compared and was not allowed to be left out."""
        ...

    @property
    def exit_code(self) -> int:
        """0: passed; 1: a measure failed; 2: not comparable."""
        ...
