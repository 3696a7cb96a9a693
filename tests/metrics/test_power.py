"""The power of the McNemar test, against enumeration with scipy's test and against simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, multinomial

from robustbert.errors import InputError
from robustbert.metrics import (
    examples_needed,
    mcnemar_of_counts,
    mcnemar_power,
    smallest_drop,
)


def enumerated_power(n: int, drop: float, discordant: float, alpha: float) -> float:
    """The sum of the probabilities of all samples in which scipy's binomial test finds a drop."""
    shares = [(discordant + drop) / 2, (discordant - drop) / 2, 1 - discordant]
    total = 0.0
    for lost in range(n + 1):
        for gained in range(n + 1 - lost):
            found = lost > gained and binomtest(lost, lost + gained).pvalue <= alpha
            if found:
                total += multinomial.pmf([lost, gained, n - lost - gained], n, shares)
    return total


@pytest.mark.parametrize(
    ("n", "drop", "discordant", "alpha"),
    [(12, 0.3, 0.5, 0.05), (25, 0.4, 0.4, 0.01), (20, 0.0, 0.9, 0.1), (8, 1.0, 1.0, 0.05)],
)
def test_power_is_that_of_all_samples(n: int, drop: float, discordant: float, alpha: float) -> None:
    expected = enumerated_power(n, drop, discordant, alpha)
    assert mcnemar_power(n, drop, discordant, alpha) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("n", [100, 700])
def test_power_is_the_share_of_simulated_samples_in_which_the_drop_is_found(n: int) -> None:
    drop, discordant, alpha, samples = 0.08, 0.2, 0.05, 4000
    shares = [(discordant + drop) / 2, (discordant - drop) / 2, 1 - discordant]
    drawn = np.random.default_rng(0).multinomial(n, shares, size=samples)
    found = np.mean(
        [
            lost > gained and mcnemar_of_counts(int(lost), int(gained), n).p_value <= alpha
            for lost, gained, _ in drawn
        ]
    )
    power = mcnemar_power(n, drop, discordant, alpha)
    assert abs(found - power) < 4.5 * np.sqrt(power * (1 - power) / samples)


def test_without_a_drop_a_finding_is_at_most_half_of_alpha() -> None:
    for n in (10, 100, 1000):
        assert mcnemar_power(n, 0, 0.3, 0.05) <= 0.025


@pytest.mark.parametrize("n", [60, 300, 1000])
@pytest.mark.parametrize("discordant", [0.05, 0.2])
def test_the_smallest_drop_is_found_and_a_smaller_one_is_not(n: int, discordant: float) -> None:
    drop = smallest_drop(n, discordant, 0.01)
    assert drop is not None
    assert mcnemar_power(n, drop, discordant, 0.01) >= 0.8
    assert mcnemar_power(n, drop - 2e-5, discordant, 0.01) < 0.8


@pytest.mark.parametrize(("drop", "discordant"), [(0.02, 0.05), (0.1, 0.15), (0.5, 0.05)])
def test_the_needed_examples_are_enough_and_fewer_are_not(drop: float, discordant: float) -> None:
    n = examples_needed(drop, discordant, 0.05)
    assert n is not None
    assert mcnemar_power(n, drop, discordant, 0.05) >= 0.8
    assert mcnemar_power(n - 1, drop, discordant, 0.05) < 0.8


def test_no_number_of_examples_finds_no_drop_and_too_few_find_none() -> None:
    assert examples_needed(0, 0.1, 0.05) is None
    assert examples_needed(1e-5, 0.1, 0.05) is None
    assert smallest_drop(5, 0.05, 0.05) is None
    assert mcnemar_power(10, 0, 0, 0.05) == 0


def test_large_samples_need_no_table() -> None:
    assert mcnemar_power(400_000, 0.003, 0.2, 0.05) > 0.8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 0.1, 0.1, 0.05), "n must be at least 1"),
        ((10, 0.1, 0.1, 1.0), "alpha in"),
        ((10, -0.1, 0.1, 0.05), "drop must be from 0 to 1"),
        ((10, 0.1, 1.1, 0.05), "discordant must be from 0 to 1"),
    ],
)
def test_rejects_numbers_out_of_range(arguments: tuple[float, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        mcnemar_power(*arguments)  # type: ignore[arg-type]


def test_rejects_a_power_out_of_range() -> None:
    with pytest.raises(InputError, match="power must be above 0 and below 1"):
        smallest_drop(100, 0.1, 0.05, power=1.0)
    with pytest.raises(InputError, match="power must be above 0 and below 1"):
        examples_needed(0.1, 0.1, 0.05, power=0)
