"""Ratios and proportions of observations that come in clusters, such as the tokens of a text.

Observations of one cluster may depend on each other, so intervals are over clusters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from robustbert.errors import InputError
from robustbert.metrics.intervals import wilson_interval
from robustbert.records import Metric

#: The quantile of the upper end of a 95% interval.
_UPPER = 0.975


def ratio_standard_error(sums: Sequence[float], counts: Sequence[int]) -> float | None:
    """The standard error of the sum of ``sums`` divided by the sum of ``counts``.

    It follows from the residuals of the clusters (Cochran 1977, "Sampling techniques", section
    2.11).

    Args:
        sums: the sum of the values of each cluster.
        counts: the number of values of each cluster.

    Returns:
        None for fewer than two clusters with values.

    Raises:
        InputError: there are not as many sums as counts, or no values.

    >>> ratio_standard_error([2.0, 0.0, 1.0], [2, 2, 2])
    0.28867513459481287
    """
    total = sum(counts)
    if len(sums) != len(counts) or not total:
        raise InputError(f"{len(sums)} sums and {len(counts)} counts of {total} values")
    n, mean = sum(map(bool, counts)), sum(sums) / total
    if n < 2:
        return None
    squares = sum((one - mean * count) ** 2 for one, count in zip(sums, counts, strict=True))
    return math.sqrt(n / (n - 1) * squares) / total


def clustered_proportion(successes: Sequence[int], counts: Sequence[int]) -> Metric:
    """The share of successes, with a 95% interval over clusters.

    It is Wilson's interval for an effective number of trials: that of independent trials whose
    share has the standard error of :func:`ratio_standard_error`, times (z / t)^2 with the degrees
    of freedom of the clusters (Korn and Graubard 1998, "Confidence intervals for proportions with
    small expected number of positive counts estimated from survey data", who use it with the
    interval of Clopper and Pearson). It is at most the number of trials. For a single cluster, or
    a share of 0 or 1, which say nothing about the variance, it is the number of clusters.

    Args:
        successes: the successes of each cluster.
        counts: the trials of each cluster.

    Raises:
        InputError: a cluster has more successes than trials, there are not as many of both, or no
            trials.

    >>> print(clustered_proportion([9, 1, 2, 8], [10, 10, 10, 10]))
    50.0% [10.4, 89.6] (n=40)
    """
    error = ratio_standard_error(successes, counts)
    for k, count in zip(successes, counts, strict=True):
        if not 0 <= k <= count:
            raise InputError(f"a cluster has {k} successes in {count} trials")
    n = sum(counts)
    share = sum(successes) / n
    effective = _effective_trials(share, n, sum(map(bool, counts)), error)
    interval = wilson_interval(share * effective, effective)
    return Metric(value=share, low=interval.low, high=interval.high, n=n)


def _effective_trials(share: float, trials: int, clusters: int, error: float | None) -> float:
    if error is None or share in (0, 1):
        return clusters
    if error == 0:
        return trials
    from scipy.stats import norm, t

    correction = (norm.ppf(_UPPER) / t.ppf(_UPPER, clusters - 1)) ** 2
    return min(trials, float(correction) * share * (1 - share) / error**2)
