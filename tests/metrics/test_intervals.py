"""Wilson intervals against statsmodels and scipy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.stats.proportion import proportion_confint

from robustbert.errors import InputError
from robustbert.metrics import examples_to_reach, proportion, wilson_interval


@st.composite
def trials(draw: st.DrawFn, max_trials: int = 1_000_000) -> tuple[int, int]:
    n = draw(st.integers(1, max_trials))
    return draw(st.integers(0, n)), n


@given(trials(), st.floats(0.01, 0.999))
def test_agrees_with_statsmodels(trial: tuple[int, int], confidence: float) -> None:
    k, n = trial
    expected = proportion_confint(k, n, alpha=1 - confidence, method="wilson")
    interval = wilson_interval(k, n, confidence)
    assert (interval.low, interval.high) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (0, 30), (17, 30), (84, 100), (100, 100)])
def test_agrees_with_scipy(k: int, n: int) -> None:
    expected = binomtest(k, n).proportion_ci(0.95, method="wilson")
    interval = wilson_interval(k, n)
    assert (interval.low, interval.high) == pytest.approx(tuple(expected), abs=1e-12)


@given(trials())
def test_contains_the_proportion_and_lies_within_bounds(trial: tuple[int, int]) -> None:
    k, n = trial
    metric = proportion(k, n)
    assert metric.value == k / n
    assert 0 <= metric.low <= metric.value <= metric.high <= 1
    assert metric.low < metric.high


@given(trials(max_trials=2000))
def test_symmetry(trial: tuple[int, int]) -> None:
    k, n = trial
    left, right = wilson_interval(k, n), wilson_interval(n - k, n)
    assert left.low == pytest.approx(1 - right.high, abs=1e-12)


def test_zero_trials_give_none() -> None:
    metric = proportion(0, 0)
    assert (metric.value, metric.low, metric.high, metric.n) == (None, None, None, 0)


@pytest.mark.parametrize(("k", "n"), [(0, 0), (-1, 3), (4, 3)])
def test_invalid_trials_are_rejected(k: int, n: int) -> None:
    with pytest.raises(InputError, match=f"k={k} and n={n}"):
        wilson_interval(k, n)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0, float("nan")])
def test_invalid_confidence_is_rejected(confidence: float) -> None:
    with pytest.raises(InputError, match="confidence"):
        wilson_interval(1, 2, confidence)


@pytest.mark.parametrize(("k", "n"), [(1, 1), (9, 10), (3, 5), (1, 2)])
@pytest.mark.parametrize("minimum", [0.01, 0.3, 0.45, 0.55, 0.89])
def test_examples_to_reach_agree_with_the_interval(k, n, minimum):
    """By trying out numbers of examples at which the accuracy is exactly k / n."""
    needed = examples_to_reach(minimum, k / n)
    if k / n <= minimum:
        assert needed is None
        return
    for times in range(1, 4000 // n):
        reached = wilson_interval(k * times, n * times).low >= minimum
        assert reached == (n * times >= needed)
