"""Mean and standard deviation over replicates: models that differ in their training seed alone."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.errors import InputError


@dataclass(frozen=True)
class Spread:
    """The mean of a number over replicates, and how far they spread.

    Args:
        mean: in the unit of the number.
        deviation: the sample standard deviation (``n - 1`` in the denominator), in the same unit;
            None for a single replicate, which has none.
        n: the number of replicates, at least 1.
    """

    mean: float
    deviation: float | None
    n: int


def spread(values: Sequence[float]) -> Spread:
    """The mean and sample standard deviation of one value per replicate.

    Raises:
        InputError: no value.

    >>> spread([0.2, 0.3, 0.4])
    Spread(mean=0.3, deviation=0.1, n=3)
    """
    if not values:
        raise InputError("a mean over replicates needs at least one of them")
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return Spread(statistics.mean(values), deviation, len(values))
