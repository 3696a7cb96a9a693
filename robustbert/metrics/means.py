"""Means with bootstrap confidence intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.errors import InputError
from robustbert.metrics.intervals import check_confidence

# Random draws per chunk. Limits the memory; does not affect results.
_CHUNK_DRAWS = 4_000_000


@dataclass(frozen=True)
class MeanInterval:
    """A mean with its confidence interval.

    Args:
        value: the mean; None if there are no values.
        low: lower end of the interval; None for fewer than two values.
        high: upper end of the interval; None for fewer than two values.
        n: number of values.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


def bootstrap_mean(
    values: Sequence[float], seed: int, *, resamples: int = 10_000, confidence: float = 0.95
) -> MeanInterval:
    """The mean of values with its percentile bootstrap interval (Efron 1979).

    Applied to paired differences, this is the paired bootstrap.

    Args:
        values: finite numbers.
        seed: at least 0; the same seed and values give the same interval.
        resamples: number of bootstrap samples, at least 1.
        confidence: the confidence level, in (0, 1).

    Raises:
        InputError: an argument is out of range.

    >>> bootstrap_mean([0.5, 0.5, 0.5], seed=0)
    MeanInterval(value=0.5, low=0.5, high=0.5, n=3)
    >>> bootstrap_mean([], seed=0)
    MeanInterval(value=None, low=None, high=None, n=0)
    """
    import numpy as np

    check_confidence(confidence)
    if resamples < 1:
        raise InputError(f"resamples must be at least 1, not {resamples}")
    if seed < 0:
        raise InputError(f"the seed must be at least 0, not {seed}")
    numbers = np.asarray(values, dtype=np.float64)
    n = len(numbers)
    if not np.isfinite(numbers).all():
        raise InputError("the values must be finite; remove NaN and infinity")
    if n < 2:
        return MeanInterval(float(numbers[0]) if n else None, None, None, n)
    generator = np.random.default_rng(seed)
    step = max(1, _CHUNK_DRAWS // n)
    means = [
        numbers[generator.integers(0, n, size=(min(step, resamples - start), n))].mean(axis=1)
        for start in range(0, resamples, step)
    ]
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(np.concatenate(means), tails)
    return MeanInterval(float(numbers.mean()), float(low), float(high), n)
