"""Accuracy under attack against what an attack may spend, by hand and by brute force."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.errors import InputError
from robustbert.metrics import (
    Curve,
    accuracy_by_queries,
    accuracy_by_words_changed,
    accuracy_under_attack,
)
from tests.records.builders import make_outcome

BROKEN = st.builds(
    lambda queries, words, changed: make_outcome(
        status="broken", queries=queries, words=words, words_changed=changed
    ),
    st.integers(1, 30),
    st.integers(0, 10),
    st.integers(0, 10),
)
OTHERS = st.sampled_from(("robust", "exhausted", "skipped", "error")).map(
    lambda status: make_outcome(status=status)
)
OUTCOMES = st.lists(st.one_of(BROKEN, OTHERS), min_size=1, max_size=20)


def broken(queries, words, changed):
    return make_outcome(status="broken", queries=queries, words=words, words_changed=changed)


def test_by_hand():
    outcomes = [
        broken(queries=5, words=10, changed=1),
        broken(queries=5, words=10, changed=3),
        broken(queries=40, words=20, changed=2),
        make_outcome(status="robust", queries=3),
        make_outcome(status="exhausted", queries=50),
        make_outcome(status="skipped"),
        make_outcome(status="error"),
        make_outcome(status="robust", retracted=True, queries=2, words=10, words_changed=1),
    ]
    # of 8 examples, one is wrong from the start, and the error never counts as correct
    assert accuracy_by_words_changed(outcomes) == Curve((0.1, 0.3), (4, 3), 6, 8)
    assert accuracy_by_queries(outcomes) == Curve((5, 40), (4, 3), 6, 8)
    at = accuracy_by_queries(outcomes).at
    assert [at(x).value for x in (1, 4.9, 5, 39, 40)] == [6 / 8, 6 / 8, 4 / 8, 4 / 8, 3 / 8]
    assert at(40) == accuracy_under_attack(outcomes)


@given(OUTCOMES, st.floats(0, 40))
def test_agrees_with_attacks_that_lose_what_costs_more(outcomes, x):
    """The oracle turns each outcome that costs more than x into a robust one."""
    for curve, cost in (
        (accuracy_by_queries, lambda one: one.queries),
        (accuracy_by_words_changed, lambda one: one.words_changed / max(1, one.words)),
    ):
        limited = [
            make_outcome() if one.status == "broken" and cost(one) > x else one for one in outcomes
        ]
        assert curve(outcomes).at(x) == accuracy_under_attack(limited)


@given(OUTCOMES)
def test_with_everything_allowed_it_is_the_accuracy_under_attack(outcomes):
    for curve in (accuracy_by_queries(outcomes), accuracy_by_words_changed(outcomes)):
        assert curve.at(math.inf) == accuracy_under_attack(outcomes)
        assert list(curve.steps) == sorted(set(curve.steps))
        assert list(curve.survivors) == sorted(set(curve.survivors), reverse=True)


@pytest.mark.parametrize("curve", [accuracy_by_queries, accuracy_by_words_changed])
def test_no_outcomes_are_an_error(curve):
    with pytest.raises(InputError, match="at least one outcome"):
        curve([])
