"""Means over items with 95% intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from robustbert.metrics import bootstrap_mean, proportion


@dataclass(frozen=True)
class Estimate:
    """A mean over items with its 95% interval.

    Args:
        value: the mean; None if there are no items.
        low: lower end of the interval; None if there is none.
        high: upper end of the interval; None if there is none.
        n: the number of items.
        interval: how the interval was computed.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    interval: Literal["wilson", "bootstrap"]


def share_of(values: Sequence[float], seed: int) -> Estimate:
    """The mean of one share per item.

    If each share is 0 or 1, because an item has one rater or its raters agree, the interval is
    Wilson's; otherwise it is a bootstrap over items.

    Args:
        values: the share of each item, in [0, 1].
        seed: the seed of the bootstrap, at least 0.

    >>> share_of([1.0, 0.0], seed=0).interval, share_of([1.0, 0.5], seed=0).interval
    ('wilson', 'bootstrap')
    """
    if not all(value in (0, 1) for value in values):
        return mean_of(values, seed)
    found = proportion(int(sum(values)), len(values))
    return Estimate(found.value, found.low, found.high, found.n, "wilson")


def mean_of(values: Sequence[float], seed: int) -> Estimate:
    """The mean of one number per item, with a bootstrap interval over items.

    Args:
        values: finite numbers.
        seed: the seed of the bootstrap, at least 0.
    """
    found = bootstrap_mean(values, seed)
    return Estimate(found.value, found.low, found.high, found.n, "bootstrap")


def geometric_mean_of(logs: Sequence[float], seed: int) -> Estimate:
    """The geometric mean of one positive number per item, with a bootstrap interval over items.

    Args:
        logs: the natural logarithms of the numbers.
        seed: the seed of the bootstrap, at least 0.

    >>> round(geometric_mean_of([math.log(2), math.log(8)], seed=0).value, 6)
    4.0
    """
    found = mean_of(logs, seed)
    ends = (found.value, found.low, found.high)
    value, low, high = (None if end is None else math.exp(end) for end in ends)
    return replace(found, value=value, low=low, high=high)
