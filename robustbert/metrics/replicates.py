"""Mean and standard deviation over replicates: models that differ only in the training seed."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.errors import InputError


@dataclass(frozen=True)
class MeanStd:
    """The mean and standard deviation of a metric over replicates.

    Args:
        mean: the mean, in the metric's unit.
        std: the sample standard deviation (with ``n - 1`` in the denominator), in the same unit;
            None for a single replicate.
        n: number of replicates, at least 1.
    """

    mean: float
    std: float | None
    n: int


def mean_std(values: Sequence[float]) -> MeanStd:
    """The mean and sample standard deviation of one value per replicate.

    Raises:
        InputError: ``values`` is empty.

    >>> mean_std([0.2, 0.3, 0.4])
    MeanStd(mean=0.3, std=0.1, n=3)
    """
    if not values:
        raise InputError("a mean over replicates needs at least one value; give one per replicate")
    std = statistics.stdev(values) if len(values) > 1 else None
    return MeanStd(statistics.mean(values), std, len(values))
