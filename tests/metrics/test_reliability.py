"""The reliability checks, tested around their thresholds."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from scipy.stats import binomtest

from robustbert.metrics import reliability
from robustbert.metrics.reliability import CHECK_NAMES, ENOUGH_ATTACKED
from robustbert.records import BatchInvariance, Outcome, ReliabilityCheck
from tests.records.builders import make_outcome, make_outcomes

VERIFIED = BatchInvariance(
    status="verified",
    ladder={},
    answers_checked=200,
    answers_differing=0,
    answers_changed=0,
    encodings_checked=100,
    encodings_differing=0,
)


def check(
    name: str, outcomes: Sequence[Outcome], found: BatchInvariance | None = None
) -> ReliabilityCheck:
    [result] = [one for one in reliability(outcomes, found) if one.name == name]
    return result


def retracted(n: int) -> list[Outcome]:
    return [make_outcome(f"r{i}", "robust", retracted=True) for i in range(n)]


@pytest.mark.parametrize(("exhausted", "passed"), [(0, True), (2, True), (3, False)])
def test_exhausted_is_a_share_of_attacked_examples(exhausted: int, passed: bool) -> None:
    # 20 attacked examples; skipped examples and errors do not count
    outcomes = make_outcomes(exhausted=exhausted, robust=10, broken=10 - exhausted)
    others = make_outcomes(skipped=30, error=30)
    found = check("exhausted", [*outcomes, *others])
    assert (found.measured, found.threshold, found.passed) == (exhausted / 20, 0.1, passed)


@pytest.mark.parametrize(("failed", "passed"), [(0, True), (1, True), (2, False)])
def test_retracted_is_a_share_of_reported_successes(failed: int, passed: bool) -> None:
    outcomes = [*make_outcomes(broken=20 - failed, robust=50), *retracted(failed)]
    found = check("retracted", outcomes)
    assert (found.measured, found.passed) == (failed / 20, passed)


@pytest.mark.parametrize(("few", "passed"), [(3, True), (4, False)])
def test_few_queries_is_a_share_of_surviving_examples(few: int, passed: bool) -> None:
    survivors = [make_outcome(f"s{i}", queries=10 if i < few else 11) for i in range(9)]
    survivors.append(make_outcome("s9", "exhausted", queries=11))
    others = [make_outcome("b", "broken", queries=2), make_outcome("k", "skipped", queries=1)]
    found = check("little-to-try", [*survivors, *others])
    assert (found.measured, found.passed) == (few / 10, passed)


@pytest.mark.parametrize(
    ("changes", "measured", "passed"),
    [
        ({}, 0, True),
        ({"status": "not verified"}, 0, False),
        ({"status": "not verified", "answers_differing": 2, "encodings_differing": 1}, 3, False),
    ],
)
def test_batch_invariance(changes: dict[str, object], measured: int, passed: bool) -> None:
    found = BatchInvariance.model_validate(VERIFIED.model_dump() | changes)
    made = check("batch-invariance", make_outcomes(robust=1), found)
    assert (made.measured, made.threshold, made.passed) == (measured, 0, passed)


@pytest.mark.parametrize(("changed", "passed"), [(0, True), (1, False), (200, False)])
def test_not_deterministic_is_a_share_of_rechecked_predictions(changed: int, passed: bool) -> None:
    update = {"answers_changed": changed, "answers_differing": 200, "status": "not verified"}
    found = BatchInvariance.model_validate(VERIFIED.model_dump() | update)
    made = check("not-deterministic", make_outcomes(robust=1), found)
    assert (made.measured, made.threshold, made.passed) == (changed / 200, 0, passed)


@pytest.mark.parametrize(("attacked", "passed"), [(0, False), (20, False), (21, True), (500, True)])
def test_too_few_attacked_is_the_half_width_of_an_interval(attacked: int, passed: bool) -> None:
    """The oracle is scipy: the interval of one half, between those of two neighbouring counts."""
    outcomes = make_outcomes(broken=attacked // 2, robust=attacked - attacked // 2, skipped=30)
    found = check("too-few-attacked", outcomes)
    assert (found.threshold, found.passed) == (0.2, passed)
    if attacked == 0:
        assert found.measured == pytest.approx(0.5)
    elif attacked % 2 == 0:
        interval = binomtest(attacked // 2, attacked).proportion_ci(method="wilson")
        assert found.measured == pytest.approx((interval.high - interval.low) / 2)
    assert passed == (attacked >= ENOUGH_ATTACKED)


def test_records_written_before_changes_were_counted_do_not_have_the_check() -> None:
    old = VERIFIED.model_copy(update={"answers_changed": None})
    names = [one.name for one in reliability(make_outcomes(robust=1), old)]
    assert "batch-invariance" in names
    assert "not-deterministic" not in names


def test_checks_without_data_are_omitted() -> None:
    assert reliability([], None) == []
    names = [one.name for one in reliability(make_outcomes(skipped=3, error=2), None)]
    assert names == ["too-few-attacked"]
    names = [one.name for one in reliability(make_outcomes(broken=3), None)]
    assert names == ["exhausted", "retracted", "too-few-attacked"]
    names = [one.name for one in reliability(make_outcomes(robust=3), None)]
    assert names == ["exhausted", "little-to-try", "too-few-attacked"]


def test_complete_cell_has_all_checks_in_order_with_explanations() -> None:
    made = reliability(make_outcomes(robust=3, broken=2), VERIFIED)
    assert tuple(one.name for one in made) == CHECK_NAMES
    for one in made:
        assert 20 < len(one.about) < 100
        assert "\n" not in one.about
