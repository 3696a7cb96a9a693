"""Ranks of models by accuracy, with bootstrap intervals over the examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustbert.errors import InputError
from robustbert.metrics.intervals import check_confidence

if TYPE_CHECKING:
    import numpy as np

# Means that differ by less are equal: they differ only by rounding.
_DECIMALS = 9
# Random draws per chunk. Limits the memory; does not affect results.
_CHUNK_DRAWS = 4_000_000


@dataclass(frozen=True)
class Rank:
    """The rank of a model, 1 for the best.

    Args:
        rank: one more than the number of models whose whole interval is better. A model shares a
            rank with the models that it overlaps, even if its own interval does not contain it.
        low: the best rank in the interval.
        high: the worst rank in the interval.
    """

    rank: int
    low: int
    high: int


def bootstrap_ranks(
    scores: Sequence[Sequence[float]],
    seed: int,
    *,
    resamples: int = 10_000,
    confidence: float = 0.95,
) -> tuple[Rank, ...]:
    """Rank models by their mean scores, with percentile bootstrap intervals of the ranks.

    Efron 1979, "Bootstrap methods: another look at the jackknife". Every resample draws as many
    examples as there are, with replacement, and ranks all models on them. Models that are equal in
    a resample share ranks: the best of these counts for the low end of an interval, the worst for
    the high end. The intervals cover the sampling of examples, not that of training seeds.

    Args:
        scores: one sequence per model, with one finite score per example; all have the same
            examples in the same order. Higher is better.
        seed: at least 0; the same seed and scores give the same ranks.
        resamples: number of bootstrap samples, at least 1.
        confidence: the confidence level, in (0, 1).

    Returns:
        One rank per model, in the order of ``scores``.

    Raises:
        InputError: there is no model or no example, the numbers of examples differ, a score is not
            finite, or an argument is out of range.

    >>> bootstrap_ranks([[1.0] * 9, [0.0] * 9, [0.0] * 9], seed=0)
    (Rank(rank=1, low=1, high=1), Rank(rank=2, low=2, high=3), Rank(rank=2, low=2, high=3))
    """
    import numpy as np
    from scipy.stats import rankdata

    check_confidence(confidence)
    if resamples < 1:
        raise InputError(f"resamples must be at least 1, not {resamples}")
    if seed < 0:
        raise InputError(f"the seed must be at least 0, not {seed}")
    sizes = {len(of_model) for of_model in scores}
    if len(sizes) != 1 or 0 in sizes:
        raise InputError("ranks need the same examples, at least one, for at least one model")
    numbers = np.array(scores, dtype=float)
    if not np.isfinite(numbers).all():
        raise InputError("scores must be finite; remove NaN and infinity")
    means = _resampled_means(numbers, seed, resamples)
    tail = (1 - confidence) / 2
    # a quantile that is one of the ranks, not between two
    low = np.quantile(rankdata(-means, "min", axis=1), tail, axis=0, method="inverted_cdf")
    high = np.quantile(rankdata(-means, "max", axis=1), 1 - tail, axis=0, method="inverted_cdf")
    return tuple(
        Rank(1 + int((high < own_low).sum()), int(own_low), int(own_high))
        for own_low, own_high in zip(low, high, strict=True)
    )


def _resampled_means(scores: np.ndarray, seed: int, resamples: int) -> np.ndarray:
    """The mean score of each model (columns) in each resample (rows)."""
    import numpy as np

    # Examples on which each model has the same score are interchangeable: it is enough to draw how
    # many of them a resample contains.
    patterns, times = np.unique(scores, axis=1, return_counts=True)
    n = scores.shape[1]
    generator = np.random.default_rng(seed)
    step = max(1, _CHUNK_DRAWS // len(times))
    chunks = [
        generator.multinomial(n, times / n, size=min(step, resamples - start)) @ patterns.T / n
        for start in range(0, resamples, step)
    ]
    return np.concatenate(chunks).round(_DECIMALS)
