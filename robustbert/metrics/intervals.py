"""Confidence intervals of proportions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from robustbert.errors import InputError
from robustbert.records import Metric


@dataclass(frozen=True)
class Interval:
    """A confidence interval, with ``low <= high``."""

    low: float
    high: float


def wilson_interval(k: float, n: float, confidence: float = 0.95) -> Interval:
    """The Wilson score interval of ``k`` successes in ``n`` trials.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference". It lies
    within [0, 1], contains ``k / n``, and has a non-zero width even for ``k = 0`` and ``k = n``.

    Args:
        k: successes, 0 to ``n``; a mean number of successes need not be whole.
        n: trials, above 0; an effective number of trials need not be whole.
        confidence: the confidence level, in (0, 1).

    Raises:
        InputError: an argument is out of range.

    >>> interval = wilson_interval(84, 100)
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.756, 0.899)
    """
    if not 0 <= k <= n or n == 0:
        raise InputError(f"a Wilson interval needs 0 <= k <= n and n > 0, not k={k} and n={n}")
    check_confidence(confidence)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = k / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # For k = 0 and k = n one end is exact; rounding must not exclude k / n from the interval.
    low = 0.0 if k == 0 else min(centre - half, share)
    high = 1.0 if k == n else max(centre + half, share)
    return Interval(low, high)


def examples_to_reach(minimum: float, share: float) -> int | None:
    """The number of trials from which the lower end of a 95% Wilson interval reaches a minimum.

    Wilson's interval inverts the score test, so its lower end is at least ``minimum`` if and only
    if ``share - minimum`` is at least z times ``sqrt(minimum * (1 - minimum) / n)``.

    Args:
        minimum: in [0, 1].
        share: the share of successes, in [0, 1].

    Returns:
        None if no number is large enough, because the share is not above the minimum.

    Raises:
        InputError: an argument is out of range.

    >>> examples_to_reach(0.4, 0.5), examples_to_reach(0.9, 1.0), examples_to_reach(0.4, 0.4)
    (93, 35, None)
    """
    if not (0 <= minimum <= 1 and 0 <= share <= 1):
        raise InputError(f"minimum and share must be from 0 to 1, not {minimum} and {share}")
    if minimum == 0:
        return 1
    if share <= minimum:
        return None
    z = NormalDist().inv_cdf(0.975)
    return max(1, math.ceil(z * z * minimum * (1 - minimum) / (share - minimum) ** 2))


def proportion(k: int, n: int) -> Metric:
    """``k / n`` with its 95% Wilson interval; its value and interval are None if ``n`` is 0.

    >>> proportion(0, 0).value is None
    True
    """
    if n == 0:
        return Metric(value=None, low=None, high=None, n=0)
    interval = wilson_interval(k, n)
    return Metric(value=k / n, low=interval.low, high=interval.high, n=n)


def check_confidence(confidence: float) -> None:
    """Check that a confidence level lies in (0, 1).

    Raises:
        InputError: it does not.
    """
    if not 0 < confidence < 1:
        raise InputError(f"confidence must be above 0 and below 1 (0.95 is 95%), not {confidence}")
