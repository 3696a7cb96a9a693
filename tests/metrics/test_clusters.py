"""Intervals over clusters against cluster-robust standard errors of statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import norm, t

from robustbert.errors import InputError
from robustbert.metrics import clustered_proportion, ratio_standard_error, wilson_interval


def _statsmodels_error(values: list[list[float]]) -> float:
    flat = np.concatenate(values)
    clusters = np.repeat(np.arange(len(values)), [len(one) for one in values])
    fitted = sm.OLS(flat, np.ones(len(flat))).fit(
        cov_type="cluster", cov_kwds={"groups": clusters, "use_correction": True}
    )
    return float(fitted.bse[0])


@pytest.mark.parametrize("seed", range(5))
def test_the_standard_error_is_that_of_statsmodels(seed):
    generator = np.random.default_rng(seed)
    values = [list(generator.normal(i % 3, 1, size=1 + i % 5)) for i in range(12)]
    found = ratio_standard_error([sum(one) for one in values], [len(one) for one in values])
    assert found == pytest.approx(_statsmodels_error(values), rel=1e-9)


def test_one_cluster_has_no_standard_error():
    assert ratio_standard_error([2.0], [5]) is None


def test_clusters_that_agree_within_count_once():
    found = clustered_proportion([10, 0] * 20, [10, 10] * 20)
    # 40 clusters of equal trials: the squared standard error has the factor 40 / 39
    trials = 39 * (norm.ppf(0.975) / t.ppf(0.975, 39)) ** 2
    expected = wilson_interval(trials / 2, trials)
    assert (found.value, found.n) == (0.5, 400)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_intervals_are_never_narrower_than_those_of_independent_trials():
    found = clustered_proportion([5, 5, 5, 6], [10, 10, 10, 10])
    assert found.low == wilson_interval(21, 40).low


@pytest.mark.parametrize("successes", [0, 7])
def test_if_all_trials_agree_each_cluster_with_trials_counts_once(successes):
    found = clustered_proportion([successes, 0, successes], [7, 0, 7])
    expected = wilson_interval(2 * bool(successes), 2)
    assert (found.low, found.high) == (expected.low, expected.high)


def test_a_single_cluster_counts_once():
    found = clustered_proportion([3, 0], [4, 0])
    expected = wilson_interval(0.75, 1)
    assert (found.low, found.high) == (expected.low, expected.high)


@pytest.mark.parametrize("count", [7, 49])  # 1 / 7 * 7 is 1, but 1 / 49 * 49 is not
def test_clusters_with_equal_shares_are_independent_trials(count):
    found = clustered_proportion([1, 1, 1], [count] * 3)
    expected = wilson_interval(3, 3 * count)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_single_trials_have_about_the_interval_of_wilson():
    successes = [1] * 300 + [0] * 700
    found, expected = clustered_proportion(successes, [1] * 1000), wilson_interval(300, 1000)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-4)


@pytest.mark.parametrize("clusters", [8, 60])
def test_the_interval_covers_the_share_of_dependent_trials(clusters):
    """Simulated: nine in ten or more of the intervals cover, where Wilson's over trials do not."""
    generator = np.random.default_rng(0)
    covered = naive = 0
    for _ in range(400):
        shares = generator.beta(1, 1, size=clusters)
        successes = generator.binomial(10, shares)
        found = clustered_proportion(successes.tolist(), [10] * clusters)
        over_trials = wilson_interval(int(successes.sum()), 10 * clusters)
        covered += found.low <= 0.5 <= found.high
        naive += over_trials.low <= 0.5 <= over_trials.high
    assert covered / 400 > 0.92
    assert naive / 400 < 0.8


@pytest.mark.parametrize(
    ("successes", "counts", "message"),
    [
        ([3], [2], "3 successes in 2 trials"),
        ([1], [2, 2], "1 sums and 2 counts of 4 values"),
        ([], [], "0 sums and 0 counts of 0 values"),
        ([0], [0], "1 sums and 1 counts of 0 values"),
    ],
)
def test_wrong_counts_are_refused(successes, counts, message):
    with pytest.raises(InputError, match=message):
        clustered_proportion(successes, counts)
