"""Metrics of detectors against scikit-learn, counting by hand, and scipy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap
from sklearn import metrics as sklearn_metrics

from robustbert.errors import InputError
from robustbert.metrics.detection import (
    auroc,
    bootstrap_pairs,
    f1_score,
    threshold_at_fpr,
    threshold_of_best_f1,
    tpr_at_fpr,
)

# multiples of 1/8, so that ties occur
SCORES = st.lists(st.integers(-8, 8).map(lambda i: i / 8), min_size=1, max_size=30)


def labels_of(negatives: list[float], positives: list[float]) -> list[int]:
    return [0] * len(negatives) + [1] * len(positives)


@given(SCORES, SCORES)
def test_auroc_counts_pairs(negatives, positives):
    wins = [(p > n) + (p == n) / 2 for n, p in itertools.product(negatives, positives)]
    found = auroc(negatives, positives)
    assert found == pytest.approx(np.mean(wins))
    labels, scores = labels_of(negatives, positives), negatives + positives
    assert found == pytest.approx(sklearn_metrics.roc_auc_score(labels, scores))


@given(SCORES, SCORES, st.sampled_from([0.0, 0.05, 0.1, 0.3, 1.0]))
def test_tpr_at_fpr_is_that_of_the_roc_curve(negatives, positives, max_fpr):
    fpr, tpr, _ = sklearn_metrics.roc_curve(
        labels_of(negatives, positives), negatives + positives, drop_intermediate=False
    )
    expected = tpr[fpr <= max_fpr + 1e-9].max()
    assert tpr_at_fpr(negatives, positives, max_fpr) == pytest.approx(expected)


@given(SCORES, st.floats(0, 1))
def test_no_lower_threshold_keeps_the_false_positive_rate(negatives, max_fpr):
    threshold = threshold_at_fpr(negatives, max_fpr)
    flagged = [score for score in negatives if score >= threshold]
    assert len(flagged) <= max_fpr * len(negatives) + 1e-6
    below = [score for score in negatives if score < threshold]
    if below:
        lower = [score for score in negatives if score >= max(below)]
        assert len(lower) > max_fpr * len(negatives) - 1e-6


@given(SCORES, SCORES)
def test_the_best_f1_is_found(negatives, positives):
    def f1_at(threshold: float) -> float:
        true = sum(score >= threshold for score in positives)
        false = sum(score >= threshold for score in negatives)
        return 2 * true / (true + false + len(positives))

    found, every = threshold_of_best_f1(negatives, positives), {*negatives, *positives}
    best = max(f1_at(threshold) for threshold in every)
    assert f1_score(negatives, positives, found) == pytest.approx(best)
    assert all(f1_at(t) < best - 1e-12 for t in every if t > found), "it flags the fewest texts"


def test_f1_is_that_of_scikit_learn():
    random = np.random.default_rng(0)
    negatives, positives = random.normal(size=25), random.normal(1, 1, size=40)
    labels = [0] * 25 + [1] * 40
    for threshold in (-1.0, 0.3, 2.0):
        flagged = np.concatenate([negatives, positives]) >= threshold
        expected = sklearn_metrics.f1_score(labels, flagged)
        assert f1_score(negatives, positives, threshold) == pytest.approx(expected)


def test_f1_without_a_flagged_text_is_zero():
    assert f1_score([0.1, 0.2], [0.3, 0.4], 0.5) == 0


def test_the_bootstrap_agrees_with_scipy():
    random = np.random.default_rng(4)
    negatives, shift = random.normal(size=80), random.normal(1, 1, size=80)
    positives = negatives + shift
    expected = bootstrap(
        (negatives, positives),
        auroc,
        paired=True,
        vectorized=False,
        method="percentile",
        rng=random,
    ).confidence_interval
    found = bootstrap_pairs(negatives, positives, auroc, seed=0, resamples=3000)
    assert found.value == auroc(negatives, positives)
    # the ends of both intervals are estimates by Monte Carlo
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=0.006)


def test_the_bootstrap_keeps_pairs_together():
    """The difference within each pair is the same, so its mean is the same in every resample."""
    negatives = np.random.default_rng(0).normal(size=20)

    def mean_difference(originals: np.ndarray, changed: np.ndarray) -> float:
        return float((changed - originals).mean())

    found = bootstrap_pairs(negatives, negatives + 0.5, mean_difference, seed=1, resamples=50)
    assert (found.low, found.high) == pytest.approx((0.5, 0.5))


def test_the_bootstrap_of_one_pair_has_no_interval():
    found = bootstrap_pairs([0.0], [1.0], auroc, seed=0)
    assert (found.value, found.low, found.high) == (1.0, None, None)


def test_the_bootstrap_is_seeded():
    random = np.random.default_rng(2)
    pairs = random.normal(size=30), random.normal(1, 1, size=30)
    first, same, other = (bootstrap_pairs(*pairs, auroc, seed, resamples=99) for seed in (3, 3, 4))
    assert first == same != other


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: auroc([], [1.0]), "needs scores"),
        (lambda: auroc([0.0], [float("nan")]), "must be finite"),
        (lambda: threshold_at_fpr([0.0], 1.5), "from 0 to 1"),
        (lambda: threshold_at_fpr([], 0.1), "needs scores"),
        (lambda: bootstrap_pairs([0.0], [1.0, 2.0], auroc, 0), "1 originals but 2 adversarial"),
        (lambda: bootstrap_pairs([0.0], [1.0], auroc, -1), "seed must be at least 0"),
        (lambda: bootstrap_pairs([0.0], [1.0], auroc, 0, resamples=0), "at least 1"),
        (lambda: bootstrap_pairs([0.0], [1.0], auroc, 0, confidence=1.0), "confidence"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
