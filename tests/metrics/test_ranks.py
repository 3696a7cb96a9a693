from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from robustbert.errors import InputError
from robustbert.metrics import Rank, bootstrap_ranks, ranks


def oracle(
    scores: Sequence[Sequence[float]], seed: int, resamples: int, confidence: float
) -> tuple[Rank, ...]:
    """The same ranks by counting, one resample and one pair of models at a time."""
    columns = sorted(zip(*scores, strict=True))
    patterns = sorted(set(columns))
    times = [columns.count(pattern) for pattern in patterns]
    generator = np.random.default_rng(seed)
    best: list[list[int]] = [[] for _ in scores]
    worst: list[list[int]] = [[] for _ in scores]
    for _ in range(resamples):
        drawn = generator.multinomial(len(columns), [one / len(columns) for one in times])
        means = [
            math.fsum(int(k) * pattern[model] for k, pattern in zip(drawn, patterns, strict=True))
            for model in range(len(scores))
        ]
        for model, own in enumerate(means):
            above = sum(other > own + 1e-9 for other in means)
            equal = sum(abs(other - own) <= 1e-9 for other in means)
            best[model].append(above + 1)
            worst[model].append(above + equal)
    tail = (1 - confidence) / 2
    low = [_smallest_with_share(of_model, tail) for of_model in best]
    high = [_smallest_with_share(of_model, 1 - tail) for of_model in worst]
    return tuple(
        Rank(1 + sum(other < own_low for other in high), own_low, own_high)
        for own_low, own_high in zip(low, high, strict=True)
    )


def _smallest_with_share(values: list[int], share: float) -> int:
    """The smallest value that at least this share of the values does not exceed."""
    return next(
        value
        for value in sorted(values)
        if sum(other <= value for other in values) >= share * len(values) - 1e-9
    )


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_ranks_are_those_of_counting(seed: int, confidence: float) -> None:
    generator = np.random.default_rng(seed)
    models = int(generator.integers(1, 6))
    shares = generator.uniform(0.2, 0.8, models)
    scores = (generator.random((models, 40)) < shares[:, None]).astype(float)
    if seed % 2:  # means of two replicates
        scores = (scores + (generator.random((models, 40)) < shares[:, None])) / 2
    found = bootstrap_ranks(scores.tolist(), seed, resamples=150, confidence=confidence)
    assert found == oracle(scores.tolist(), seed, 150, confidence)


def test_a_model_that_others_never_beat_has_rank_1() -> None:
    better, worse = [1.0] * 9 + [0.0], [1.0] * 4 + [0.0] * 6
    assert bootstrap_ranks([worse, better], 0) == (Rank(2, 2, 2), Rank(1, 1, 1))


def test_equal_models_share_all_ranks() -> None:
    assert bootstrap_ranks([[1.0, 0.0]] * 3, 0) == (Rank(1, 1, 3),) * 3


def test_one_model_has_rank_1() -> None:
    assert bootstrap_ranks([[0.0]], 0) == (Rank(1, 1, 1),)


@pytest.mark.parametrize(("only_better", "separate"), [(3, False), (4, True)])
def test_two_models_are_separate_when_few_resamples_favour_the_other(
    only_better: int, separate: bool
) -> None:
    # The better model survives some examples that the other does not, and never the reverse. They
    # are equal in a resample that contains none of these examples.
    n = 20
    tied = binom.pmf(0, n, only_better / n)
    assert (tied < 0.025) == separate
    better, worse = [1.0] * only_better + [0.0] * (n - only_better), [0.0] * n
    first, second = bootstrap_ranks([better, worse], 0, resamples=20_000)
    assert first == (Rank(1, 1, 1) if separate else Rank(1, 1, 2))
    assert second == (Rank(2, 2, 2) if separate else Rank(1, 1, 2))


def test_a_rank_is_shared_with_every_overlapping_model() -> None:
    """Three models share rank 1, and one model is better than the fourth: 1, 1, 1, 2."""
    n = 200
    survivors = [74, 64, 54, 42]
    generator = np.random.default_rng(3)
    scores = []
    for number in survivors:
        row = np.zeros(n)
        row[generator.choice(n, number, replace=False)] = 1
        scores.append(row.tolist())
    found = bootstrap_ranks(scores, 0)
    assert [one.rank for one in found] == [1, 1, 1, 2]
    assert found[0].high < found[3].low
    assert found[2].low == 2  # a shared rank can lie before the interval of its model
    assert found[1].high >= found[3].low


def test_the_order_of_the_examples_does_not_matter() -> None:
    generator = np.random.default_rng(0)
    scores = (generator.random((4, 50)) < 0.5).astype(float)
    shuffled = scores[:, generator.permutation(50)]
    assert bootstrap_ranks(scores.tolist(), 1) == bootstrap_ranks(shuffled.tolist(), 1)


def test_scores_that_differ_by_rounding_are_equal() -> None:
    a, b = [0.1 + 0.2, 0.3, 0.7], [0.3, 0.1 + 0.2, 0.7]
    assert bootstrap_ranks([a, b], 0)[0].high == 2
    assert bootstrap_ranks([[0.1 + 0.2] * 3, [0.3] * 3], 0) == (Rank(1, 1, 2),) * 2


def test_chunks_do_not_change_the_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(5)
    scores = (generator.random((4, 30)) < 0.5).astype(float).tolist()
    expected = bootstrap_ranks(scores, 2, resamples=100)
    monkeypatch.setattr(ranks, "_CHUNK_DRAWS", 40)
    assert bootstrap_ranks(scores, 2, resamples=100) == expected


def test_intervals_cover_the_rank_in_the_population() -> None:
    shares, n, repeats = np.array([0.62, 0.5, 0.45, 0.2]), 120, 150
    generator = np.random.default_rng(11)
    covered = np.zeros(len(shares))
    for seed in range(repeats):
        scores = (generator.random((len(shares), n)) < shares[:, None]).astype(float)
        found = bootstrap_ranks(scores.tolist(), seed, resamples=200)
        covered += [one.low <= true <= one.high for true, one in enumerate(found, start=1)]
    # three standard errors below 95%
    assert covered.min() / repeats >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / repeats)


@pytest.mark.parametrize(
    ("scores", "options", "message"),
    [
        ([], {}, "at least one model"),
        ([[]], {}, "at least one"),
        ([[1.0], [1.0, 0.0]], {}, "the same examples"),
        ([[1.0, math.nan]], {}, "scores must be finite"),
        ([[1.0, math.inf]], {}, "scores must be finite"),
        ([[1.0]], {"seed": -1}, "the seed must be at least 0, not -1"),
        ([[1.0]], {"resamples": 0}, "resamples must be at least 1, not 0"),
        ([[1.0]], {"confidence": 1.0}, "confidence must be above 0 and below 1"),
    ],
)
def test_bad_arguments_are_refused(
    scores: list[list[float]], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        bootstrap_ranks(scores, options.pop("seed", 0), **options)
