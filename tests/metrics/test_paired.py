"""Worst case, McNemar and the bootstrap against enumeration, statsmodels and scipy."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, bootstrap
from statsmodels.stats.contingency_tables import mcnemar

from robustbert.errors import InputError
from robustbert.metrics import (
    accuracy_under_attack,
    mcnemar_exact,
    mcnemar_of_counts,
    paired_bootstrap,
    worst_case,
)
from robustbert.records import Outcome
from tests.records.builders import make_outcome, make_outcomes


def run(survives: Sequence[bool], first: int = 0) -> list[Outcome]:
    return [
        make_outcome(f"e{first + i}", "robust" if survived else "broken")
        for i, survived in enumerate(survives)
    ]


@st.composite
def runs(draw: st.DrawFn, min_runs: int = 1, max_runs: int = 4) -> list[list[bool]]:
    n = draw(st.integers(1, 25))
    one = st.lists(st.booleans(), min_size=n, max_size=n)
    return draw(st.lists(one, min_size=min_runs, max_size=max_runs))


pairs = runs(min_runs=2, max_runs=2)


@given(runs())
def test_worst_case_is_the_pointwise_minimum(tables: list[list[bool]]) -> None:
    metric = worst_case([run(table) for table in tables])
    assert metric.value == np.array(tables).min(axis=0).mean()
    assert metric.n == len(tables[0])
    for table in tables:
        assert metric.value <= accuracy_under_attack(run(table)).value


def test_worst_case_does_not_depend_on_order() -> None:
    left, right = run([True, False, True]), run([True, True, False])
    assert worst_case([left, right]) == worst_case([right[::-1], left])
    assert worst_case([left, right]).value == 1 / 3


def test_worst_case_works_on_shared_examples() -> None:
    metric = worst_case([run([True] * 10), run([True, False, True], first=8)])
    assert (metric.value, metric.n) == (0.5, 2)


def test_only_survivors_count() -> None:
    outcomes = make_outcomes(skipped=1, exhausted=1, error=1, broken=1)
    assert worst_case([outcomes]).value == 1 / 4


@pytest.mark.parametrize("counts", [(5000, 4900), (4000, 4400), (9_999, 1), (10_000, 0)])
def test_mcnemar_of_thousands_agrees_with_the_binomial_test(counts: tuple[int, int]) -> None:
    expected = binomtest(counts[0], sum(counts)).pvalue
    found = mcnemar_of_counts(*counts, 10_000).p_value
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("compare", [mcnemar_exact, lambda a, b: paired_bootstrap(a, b, 0)])
def test_invalid_runs_are_rejected(compare) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="share no example"):
        compare(run([True]), run([True], first=5))
    with pytest.raises(InputError, match="share no example"):
        compare([], [])
    with pytest.raises(InputError, match="twice"):
        compare(run([True]) * 2, run([True]))


def test_worst_case_without_examples() -> None:
    with pytest.raises(InputError, match="no runs"):
        worst_case([])
    with pytest.raises(InputError, match="share no example"):
        worst_case([run([True]), run([True], first=1)])


@given(pairs)
def test_mcnemar_agrees_with_statsmodels(tables: list[list[bool]]) -> None:
    a, b = np.array(tables)
    table = [[np.sum(a & b), np.sum(a & ~b)], [np.sum(~a & b), np.sum(~a & ~b)]]
    result = mcnemar_exact(run(a), run(b))
    assert (result.only_a, result.only_b, result.n) == (table[0][1], table[1][0], len(a))
    assert result.p_value == pytest.approx(mcnemar(table, exact=True).pvalue)


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 1), (3, 12), (40, 61), (300, 900), (0, 1500)])
def test_mcnemar_agrees_with_the_binomial_test(only_a: int, only_b: int) -> None:
    a = run([True] * only_a + [False] * only_b)
    b = run([False] * only_a + [True] * only_b)
    expected = binomtest(only_a, only_a + only_b, 0.5).pvalue
    assert mcnemar_exact(a, b).p_value == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_mcnemar_of_identical_runs_is_one() -> None:
    outcomes = run([True, False])
    assert mcnemar_exact(outcomes, outcomes).p_value == 1.0


@given(pairs, st.integers(0, 2**32 - 1))
def test_bootstrap_invariants(tables: list[list[bool]], seed: int) -> None:
    a, b = map(run, tables)
    forward = paired_bootstrap(a, b, seed, resamples=200)
    reverse = paired_bootstrap(b, a, seed, resamples=200)
    assert forward.value == pytest.approx(np.mean(tables[0]) - np.mean(tables[1]))
    assert -1 <= forward.low <= forward.high <= 1
    assert forward.value == -reverse.value
    assert paired_bootstrap(a, b, seed, resamples=200) == forward


def test_bootstrap_agrees_with_enumeration() -> None:
    survives = [[True, True, True, False, True], [False, False, True, True, True]]
    differences = np.subtract(*np.array(survives, dtype=float))
    every = [np.mean(drawn) for drawn in itertools.product(differences, repeat=5)]
    expected = np.quantile(every, [0.1, 0.9])
    result = paired_bootstrap(*map(run, survives), 0, resamples=50_000, confidence=0.8)
    assert (result.low, result.high) == pytest.approx(tuple(expected), abs=1e-9)


def test_bootstrap_agrees_with_scipy() -> None:
    random = np.random.default_rng(3)
    a, b = random.random(400) < 0.6, random.random(400) < 0.5

    def difference(x: np.ndarray, y: np.ndarray, axis: int = -1) -> np.ndarray:
        return x.mean(axis=axis) - y.mean(axis=axis)

    samples = (a.astype(float), b.astype(float))
    expected = bootstrap(
        samples, difference, paired=True, method="percentile", rng=random, n_resamples=9999
    ).confidence_interval
    result = paired_bootstrap(run(a), run(b), seed=1)
    assert result.value == pytest.approx(a.mean() - b.mean())
    # The interval ends are Monte Carlo estimates with an error of about 0.001.
    assert (result.low, result.high) == pytest.approx(tuple(expected), abs=0.006)


def test_bootstrap_of_identical_runs_has_zero_width() -> None:
    outcomes = run([True, False, True])
    result = paired_bootstrap(outcomes, outcomes, 0)
    assert (result.value, result.low, result.high, result.n) == (0, 0, 0, 3)


@pytest.mark.parametrize("options", [{"resamples": 0}, {"confidence": 1.0}])
def test_invalid_options_are_rejected(options: dict[str, float]) -> None:
    with pytest.raises(InputError):
        paired_bootstrap(run([True]), run([True]), 0, **options)  # type: ignore[arg-type]
