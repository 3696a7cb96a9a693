"""The difference of two accuracies over training seeds."""

from __future__ import annotations

import numpy as np
import pytest

from robustbert.errors import InputError
from robustbert.metrics import bootstrap_of_counts, difference_over_seeds


def table(letters: str) -> dict[str, bool]:
    return {str(i): letter == "r" for i, letter in enumerate(letters)}


def test_one_seed_is_the_paired_bootstrap():
    a, b = table("r" * 60 + "b" * 40), table("r" * 45 + "b" * 55)
    found = difference_over_seeds([a], [b], seed=0).difference
    expected = bootstrap_of_counts(15, 0, 100, seed=0)
    assert (found.value, found.n) == (pytest.approx(expected.value), 100)
    assert found.low == pytest.approx(expected.low, abs=0.011)
    assert found.high == pytest.approx(expected.high, abs=0.011)


def test_the_variance_is_that_of_examples_and_seeds():
    """If all examples of a seed are alike, only the seeds vary: an exact variance by hand."""
    shares = [0.0, 1.0, 1.0]
    a = [table(("r" if share else "b") * 50) for share in shares]
    b = [table("b" * 50)]
    found = difference_over_seeds(a, b, seed=0, resamples=50_000)
    assert found.difference.value == pytest.approx(2 / 3)
    # the mean of two draws of three seeds: 0, 1/2 or 1, with probabilities 1/9, 4/9 and 4/9
    assert (found.difference.low, found.difference.high) == (0.0, 1.0)
    assert found.p_value == pytest.approx(2 / 9, abs=0.01)
    # its variance is the sample variance of the seeds divided by their number
    means = np.array([0.0, 0.5, 1.0])
    weights = np.array([1, 4, 4]) / 9
    variance = weights @ means**2 - (weights @ means) ** 2
    assert variance == pytest.approx(np.var(shares, ddof=1) / 3)


def test_intervals_cover_the_true_difference():
    """Simulated models whose seeds and examples both vary: coverage is close to nominal."""
    generator = np.random.default_rng(1)
    covered = 0
    for trial in range(100):
        models = []
        difficulty = generator.normal(size=120)
        for base in (0.3, 0.0):
            skills = base + 0.15 * generator.normal(size=3)
            noise = generator.normal(size=(3, 120))
            right = difficulty + noise < skills[:, None]
            models.append([{str(i): bool(x) for i, x in enumerate(row)} for row in right])
        found = difference_over_seeds(*models, seed=trial, resamples=500).difference
        covered += found.low <= TRUE_DIFFERENCE <= found.high
    assert covered >= 85


def _true_difference() -> float:
    from scipy.stats import norm

    scale = np.sqrt(1 + 1 + 0.15**2)
    return float(norm.cdf(0.3 / scale) - 0.5)


TRUE_DIFFERENCE = _true_difference()


def test_equal_models_do_not_differ():
    models = [table("rb" * 20), table("br" * 20)]
    found = difference_over_seeds(models, models, seed=0)
    assert found.difference.value == 0
    assert found.p_value == 1.0


def test_the_p_value_is_never_zero():
    found = difference_over_seeds([table("r" * 30)], [table("b" * 30)], seed=0, resamples=99)
    assert found.p_value == pytest.approx(2 / 100)


def test_only_shared_examples_count():
    found = difference_over_seeds([table("rrrrb"), table("rrrr")], [table("bbb")], seed=0)
    assert (found.difference.n, found.difference.value) == (3, 1.0)


@pytest.mark.parametrize(
    ("a", "b", "options", "message"),
    [
        ([], [{"1": True}], {}, "no training seed"),
        ([{"1": True}], [{"2": True}], {}, "share no example"),
        ([{"1": True}], [{"1": True}], {"resamples": 0}, "resamples"),
        ([{"1": True}], [{"1": True}], {"confidence": 1.0}, "confidence"),
    ],
)
def test_bad_input(a, b, options, message):
    with pytest.raises(InputError, match=message):
        difference_over_seeds(a, b, 0, **options)
