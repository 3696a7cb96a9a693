"""The bootstrap of a mean against enumeration and scipy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from robustbert.errors import InputError
from robustbert.metrics import bootstrap_mean, means

NUMBERS = st.lists(st.floats(-1, 1), min_size=2, max_size=25)


@given(NUMBERS, st.integers(0, 2**32 - 1))
def test_invariants(values: list[float], seed: int) -> None:
    found = bootstrap_mean(values, seed, resamples=200)
    assert found.n == len(values)
    assert found.value == pytest.approx(sum(values) / len(values))
    slack = 1e-12
    assert min(values) - slack <= found.low <= found.high <= max(values) + slack
    assert bootstrap_mean(values, seed, resamples=200) == found


def test_agrees_with_enumeration() -> None:
    values = [0.1, -0.3, 0.25, 0.0, 0.4]
    every = [np.mean(drawn) for drawn in itertools.product(values, repeat=5)]
    low, high = np.quantile(every, [0.1, 0.9])
    found = bootstrap_mean(values, 0, resamples=50_000, confidence=0.8)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.01)


def test_agrees_with_scipy() -> None:
    random = np.random.default_rng(3)
    values = random.normal(0.02, 0.1, 300)
    expected = bootstrap(
        (values,), np.mean, method="percentile", rng=random, n_resamples=9999
    ).confidence_interval
    found = bootstrap_mean(list(values), seed=1)
    # The interval ends are Monte Carlo estimates with an error of about 0.0002.
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=0.0015)


def test_drawing_in_chunks_does_not_change_results(monkeypatch: pytest.MonkeyPatch) -> None:
    values = list(np.random.default_rng(0).random(50))
    whole = bootstrap_mean(values, 5, resamples=1000)
    monkeypatch.setattr(means, "_CHUNK_DRAWS", 50 * 7)
    assert bootstrap_mean(values, 5, resamples=1000) == whole


def test_one_value_has_no_interval() -> None:
    found = bootstrap_mean([0.25], 0)
    assert (found.value, found.low, found.high, found.n) == (0.25, None, None, 1)


@pytest.mark.parametrize(
    ("values", "seed", "options"),
    [
        ([1.0], -1, {}),
        ([1.0], 0, {"resamples": 0}),
        ([1.0], 0, {"confidence": 1.0}),
        ([1.0, float("nan")], 0, {}),
    ],
)
def test_invalid_arguments_are_rejected(values, seed, options) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError):
        bootstrap_mean(values, seed, **options)
