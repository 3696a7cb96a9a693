"""The power of the exact McNemar test.

Of ``n`` examples, a share ``discordant`` survives in only one of two runs. The accuracy of the
second run is lower by ``drop``, so the shares that survive only in the first and only in the second
run are ``(discordant + drop) / 2`` and ``(discordant - drop) / 2``. These are the parameters of
Connor 1987, "Sample size for testing differences in proportions for the paired-sample design". Its
approximation is not used: the power is the exact one of Duffy 1984, "Asymptotic and exact power for
the McNemar test and its analogue with R controls per case".
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from robustbert.errors import InputError

# The tests ignore numbers of discordant examples that are further than this from their mean.
_STANDARD_DEVIATIONS = 9.0
_PRECISION = 1e-5
_MAX_EXAMPLES = 1_000_000
# Tables of quantiles are shared between computations up to this length.
_MAX_TABLE = 16_384


def mcnemar_power(n: int, drop: float, discordant: float, alpha: float) -> float:
    """The probability that the exact two-sided McNemar test finds a drop.

    It is exact: the number of discordant examples is binomial, and given this number, so is the
    number of those that survive only in the first run.

    Args:
        n: number of examples, at least 1.
        drop: the true drop of accuracy, in [0, 1].
        discordant: the true share of discordant examples, in [0, 1]; at least ``drop`` is used.
        alpha: the level of the test, in (0, 1).

    Returns:
        The probability of ``p <= alpha`` with more survivors in the first run, in [0, 1].

    Raises:
        InputError: an argument is out of range.

    >>> round(mcnemar_power(100, 0.1, 0.2, 0.05), 3)
    0.544
    """
    import numpy as np
    from scipy.special import bdtrc
    from scipy.stats import binom

    _check_shares(drop=drop, discordant=discordant)
    if n < 1 or not 0 < alpha < 1:
        raise InputError(f"n must be at least 1 and alpha in (0, 1), not {n} and {alpha}")
    discordant = max(discordant, drop)
    if discordant == 0:
        return 0.0
    reach = _STANDARD_DEVIATIONS * (math.sqrt(n * discordant * (1 - discordant)) + 1)
    first, last = max(0, int(n * discordant - reach)), min(n, math.ceil(n * discordant + reach))
    counts = np.arange(first, last + 1)
    share = min(1.0, (discordant + drop) / (2 * discordant))
    found = bdtrc(_most_without_rejection(first, last, alpha), counts, share)
    return float(min(1.0, np.dot(binom.pmf(counts, n, discordant), found)))


def _most_without_rejection(first: int, last: int, alpha: float) -> Any:
    """The largest number of survivors in the first run alone that is not significant.

    Args:
        first: the first number of discordant examples.
        last: the last number of discordant examples.
        alpha: the level of the test.

    Returns:
        An array of ints, one per number of discordant examples from ``first`` to ``last``.
    """
    size = 1 << last.bit_length()
    if size > _MAX_TABLE:
        return _quantiles(first, last + 1, alpha)
    return _quantiles(0, size, alpha)[first : last + 1]


@lru_cache(maxsize=128)
def _quantiles(start: int, stop: int, alpha: float) -> Any:
    import numpy as np
    from scipy.stats import binom

    return binom.isf(alpha / 2, np.arange(start, stop), 0.5).astype(np.int64)


@lru_cache(maxsize=1024)
def smallest_drop(n: int, discordant: float, alpha: float, power: float = 0.8) -> float | None:
    """The smallest drop that the test finds with at least this power.

    Args:
        n: number of examples, at least 1.
        discordant: the share of discordant examples, in [0, 1]; for a larger drop, the drop.
        alpha: the level of the test, in (0, 1).
        power: the required power, in (0, 1).

    Returns:
        The drop, in (0, 1]; None if not even a drop of 1 is found.

    Raises:
        InputError: an argument is out of range.

    >>> round(smallest_drop(300, 0.1, 0.05), 3)
    0.053
    """
    _check_power(power)
    low, high = 0.0, 1.0
    if mcnemar_power(n, high, discordant, alpha) < power:
        return None
    while high - low > _PRECISION:
        middle = (low + high) / 2
        if mcnemar_power(n, middle, discordant, alpha) < power:
            low = middle
        else:
            high = middle
    return high


@lru_cache(maxsize=1024)
def examples_needed(drop: float, discordant: float, alpha: float, power: float = 0.8) -> int | None:
    """The number of examples with which the test finds a drop with at least this power.

    Power grows with the number of examples except for small steps back, because counts are whole
    numbers; the result may be off by such a step.

    Args:
        drop: the drop, in [0, 1].
        discordant: the share of discordant examples, in [0, 1]; at least ``drop`` is used.
        alpha: the level of the test, in (0, 1).
        power: the required power, in (0, 1).

    Returns:
        The number of examples; None if a million are not enough, as for a drop of 0.

    Raises:
        InputError: an argument is out of range.

    >>> examples_needed(0.05, 0.1, 0.05)
    337
    """
    _check_power(power)
    _check_shares(drop=drop, discordant=discordant)
    if drop == 0:
        return None
    low, high = 0, 1
    while mcnemar_power(high, drop, discordant, alpha) < power:
        if high == _MAX_EXAMPLES:
            return None
        low, high = high, min(2 * high, _MAX_EXAMPLES)
    while high - low > 1:
        middle = (low + high) // 2
        if mcnemar_power(middle, drop, discordant, alpha) < power:
            low = middle
        else:
            high = middle
    return high


def _check_shares(**shares: float) -> None:
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise InputError(f"{name} must be from 0 to 1, not {share}")


def _check_power(power: float) -> None:
    if not 0 < power < 1:
        raise InputError(f"power must be above 0 and below 1, not {power}")
