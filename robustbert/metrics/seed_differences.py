"""The difference of two accuracies whose models were trained with several seeds each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustbert.errors import InputError
from robustbert.metrics.intervals import check_confidence
from robustbert.metrics.paired import Difference

if TYPE_CHECKING:
    import numpy as np


# Equal means over different numbers of seeds may differ in their last bits.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class SeedDifference:
    """A difference of mean accuracies over training seeds.

    Args:
        difference: with an interval that covers the sampling of examples and of training seeds.
        p_value: two-sided, above 0 and at most 1.
    """

    difference: Difference
    p_value: float


def difference_over_seeds(
    a: Sequence[Mapping[str, bool]],
    b: Sequence[Mapping[str, bool]],
    seed: int,
    *,
    resamples: int = 10_000,
    confidence: float = 0.95,
) -> SeedDifference:
    """The mean accuracy of ``a`` minus that of ``b``, with a paired bootstrap interval and test.

    Each resample draws examples with replacement, the same for all models, and training seeds with
    replacement, independently for ``a`` and ``b`` (Owen 2007, "The pigeonhole bootstrap"). Of ``k``
    seeds it draws ``k - 1``: the mean of so few draws varies as much as the mean of ``k`` new seeds
    is estimated to, where ``k`` draws would vary less. With one seed each, it is the interval of
    :func:`robustbert.metrics.paired_bootstrap` up to the random draws.

    The p-value is twice the share of resamples on the other side of zero, zero included. It is at
    least ``2 / (resamples + 1)``.

    Args:
        a: for each training seed, whether an example is right, keyed by example id.
        b: the same of the other model; it may have another number of seeds.
        seed: the same seed and values always give the same interval.
        resamples: number of bootstrap samples, at least 1.
        confidence: the confidence level, in (0, 1).

    Raises:
        InputError: a model has no seed, the models share no example, or an argument is out of
            range.
    """
    import numpy as np

    check_confidence(confidence)
    if resamples < 1:
        raise InputError(f"resamples must be at least 1, not {resamples}")
    if not a or not b:
        raise InputError("a model has no training seed; give the examples of at least one")
    shared = [example for example in a[0] if all(example in one for one in (*a, *b))]
    if not shared:
        raise InputError("the models share no example; compare them on the same dataset and split")
    right_a, right_b = (
        np.array([[one[example] for example in shared] for one in model], dtype=np.float64)
        for model in (a, b)
    )
    generator = np.random.default_rng(seed)
    n = len(shared)
    examples = generator.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)
    drawn = _resampled_means(right_a, examples, generator)
    drawn -= _resampled_means(right_b, examples, generator)
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    value = float(right_a.mean() - right_b.mean())
    fewer = min(np.count_nonzero(drawn <= _ROUNDING), np.count_nonzero(drawn >= -_ROUNDING))
    p_value = min(1.0, 2 * (fewer + 1) / (resamples + 1))
    return SeedDifference(Difference(value, float(low), float(high), n), p_value)


def _resampled_means(
    right: np.ndarray, examples: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """The mean of each resample.

    Args:
        right: float64 of shape ``(seeds, n)``, 1 if the example is right, else 0.
        examples: float64 of shape ``(resamples, n)``, how often each example is drawn.
        generator: draws the seeds.
    """
    import numpy as np

    seeds, n = right.shape
    draws = max(1, seeds - 1)
    times = generator.multinomial(draws, np.full(seeds, 1 / seeds), size=len(examples))
    means: np.ndarray = ((examples @ right.T) * times).sum(axis=1) / (n * draws)
    return means
