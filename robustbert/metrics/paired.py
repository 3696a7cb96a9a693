"""Metrics over several runs: the worst case over recipes, and paired tests between models.

A run is the outcomes of one model under one recipe. All functions use the examples that the runs
share, matched by id; ``n`` is their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.errors import InputError
from robustbert.metrics.accuracies import survived
from robustbert.metrics.intervals import check_confidence, proportion
from robustbert.records import Metric, Outcome


@dataclass(frozen=True)
class McNemar:
    """An exact McNemar test.

    Args:
        only_a: number of examples that survive in ``a`` but not in ``b``.
        only_b: number of examples that survive in ``b`` but not in ``a``.
        p_value: two-sided, at most 1; 0 if it is too small for a float.
        n: number of shared examples.
    """

    only_a: int
    only_b: int
    p_value: float
    n: int


@dataclass(frozen=True)
class Difference:
    """Accuracy under attack of ``a`` minus that of ``b``, with its confidence interval.

    Args:
        value: the difference on the shared examples, in [-1, 1].
        low: lower end of the interval.
        high: upper end of the interval.
        n: number of shared examples.
    """

    value: float
    low: float
    high: float
    n: int


def worst_case(runs: Sequence[Sequence[Outcome]]) -> Metric:
    """Accuracy under the worst of several recipes: the share of examples that survive all.

    Args:
        runs: the outcomes of one model under each recipe. Only examples that are present in all
            runs are used; the metric's ``n`` is their number.

    Raises:
        InputError: there is no run or no shared example, or a run contains an example twice.
    """
    tables = [_survival(run) for run in runs]
    shared = _shared(tables)
    return proportion(sum(all(table[i] for table in tables) for i in shared), len(shared))


def mcnemar_exact(a: Sequence[Outcome], b: Sequence[Outcome]) -> McNemar:
    """The exact two-sided McNemar test: whether two runs have equal accuracy under attack.

    McNemar 1947, "Note on the sampling error of the difference between correlated proportions or
    percentages", with the exact binomial distribution. Discordant examples survive in only one of
    the two runs. Under the null hypothesis, each of them is equally likely to survive in either
    run. Without discordant examples the p-value is 1.

    Raises:
        InputError: there is no shared example, or a run contains an example twice.
    """
    pairs = _pairs(a, b)
    return mcnemar_of_counts(pairs.only_a, pairs.only_b, pairs.n)


def mcnemar_of_counts(only_a: int, only_b: int, n: int) -> McNemar:
    """The test of :func:`mcnemar_exact`, given the numbers of discordant examples.

    Args:
        only_a: number of examples that survive in ``a`` but not in ``b``.
        only_b: number of examples that survive in ``b`` but not in ``a``.
        n: number of shared examples.

    Raises:
        InputError: a number is negative, or ``n`` is 0 or too small.

    >>> mcnemar_of_counts(8, 1, 100).p_value
    0.0390625
    """
    _check_counts(only_a, only_b, n)
    discordant = only_a + only_b
    tail, ways = 0, 1
    for i in range(min(only_a, only_b) + 1):
        tail += ways
        ways = ways * (discordant - i) // (i + 1)  # the binomial coefficient of i + 1
    return McNemar(only_a, only_b, min(1.0, 2 * tail / 2**discordant), n)


def paired_bootstrap(
    a: Sequence[Outcome],
    b: Sequence[Outcome],
    seed: int,
    *,
    resamples: int = 10_000,
    confidence: float = 0.95,
) -> Difference:
    """The difference of two accuracies under attack, with a paired percentile bootstrap interval.

    Efron 1979, "Bootstrap methods: another look at the jackknife". An example contributes -1, 0 or
    1 to the difference. Instead of ``n`` examples with replacement, this therefore draws the three
    counts from a multinomial distribution.

    Args:
        a: one run.
        b: another run on the same examples.
        seed: the same seed and outcomes always give the same interval.
        resamples: number of bootstrap samples, at least 1.
        confidence: the confidence level, in (0, 1).

    Raises:
        InputError: there is no shared example, a run contains an example twice, or an argument is
            out of range.
    """
    pairs = _pairs(a, b)
    return bootstrap_of_counts(
        pairs.only_a, pairs.only_b, pairs.n, seed, resamples=resamples, confidence=confidence
    )


def bootstrap_of_counts(
    only_a: int,
    only_b: int,
    n: int,
    seed: int,
    *,
    resamples: int = 10_000,
    confidence: float = 0.95,
) -> Difference:
    """The difference of :func:`paired_bootstrap`, given the numbers of discordant examples.

    Args:
        only_a: number of examples that survive in ``a`` but not in ``b``.
        only_b: number of examples that survive in ``b`` but not in ``a``.
        n: number of shared examples.
        seed: the same seed and counts always give the same interval.
        resamples: number of bootstrap samples, at least 1.
        confidence: the confidence level, in (0, 1).

    Raises:
        InputError: a number is negative, ``n`` is 0 or too small, or an argument is out of range.
    """
    import numpy as np

    check_confidence(confidence)
    if resamples < 1:
        raise InputError(f"resamples must be at least 1, not {resamples}")
    _check_counts(only_a, only_b, n)
    shares = np.array([only_a, only_b, n - only_a - only_b]) / n
    drawn = np.random.default_rng(seed).multinomial(n, shares, size=resamples)
    differences = (drawn[:, 0] - drawn[:, 1]) / n
    low, high = np.quantile(differences, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Difference((only_a - only_b) / n, float(low), float(high), n)


@dataclass(frozen=True)
class _Pairs:
    only_a: int
    only_b: int
    n: int


def _pairs(a: Sequence[Outcome], b: Sequence[Outcome]) -> _Pairs:
    left, right = _survival(a), _survival(b)
    shared = _shared([left, right])
    only_a = sum(left[i] and not right[i] for i in shared)
    only_b = sum(right[i] and not left[i] for i in shared)
    return _Pairs(only_a, only_b, len(shared))


def _check_counts(only_a: int, only_b: int, n: int) -> None:
    if min(only_a, only_b) < 0 or n < max(1, only_a + only_b):
        raise InputError(
            f"{only_a} and {only_b} of {n} examples cannot be discordant; give counts of at least "
            "0 that sum to at most n, and n of at least 1"
        )


def _survival(outcomes: Sequence[Outcome]) -> dict[str, bool]:
    table = {outcome.example_id: survived(outcome) for outcome in outcomes}
    if len(table) != len(outcomes):
        raise InputError("a run contains an example twice; pass one outcome per example")
    return table


def _shared(tables: Sequence[dict[str, bool]]) -> set[str]:
    if not tables:
        raise InputError("no runs to compare; pass at least one")
    shared = set.intersection(*(set(table) for table in tables))
    if not shared:
        raise InputError("the runs share no example; compare runs of one dataset, split and seed")
    return shared
