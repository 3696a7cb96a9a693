"""Krippendorff's alpha: published figures, figures by hand, and where it is not defined."""

from __future__ import annotations

import math

import pytest

from robustbert.audit import rater_agreement
from robustbert.audit.rater_agreement import agreement
from robustbert.errors import MissingAssetError

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C: the values that four
# observers give to twelve units, 0 where there is none.
PUBLISHED = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3),
    (0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0),
)
UNITS = [[[value - 1 for value in unit if value]] for unit in zip(*PUBLISHED, strict=True)]


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815)])
def test_the_published_example(level, alpha):
    found = agreement("question", level, UNITS, 5, seed=0)
    assert found.alpha == pytest.approx(alpha, abs=5e-4)
    assert found.low < found.alpha < found.high <= 1
    assert found.n == 11, "one unit has a single answer"
    assert found.reason is None


def test_an_example_by_hand():
    """Of 6 answers 3 are yes, and one pair of three disagrees: 1 - (2 / 6) / (2 * 3 * 3 / 30)."""
    found = agreement("question", "nominal", [[[0, 0]], [[0, 1]], [[1, 1]]], 3, seed=0)
    assert found.alpha == pytest.approx(1 - (2 / 6) / (18 / 30))


def test_answers_that_are_never_given_do_not_matter():
    few, many = (agreement("question", "ordinal", UNITS, n, seed=0) for n in (5, 9))
    assert few == many


def test_the_units_of_an_item_are_drawn_together():
    """With the same answers to both texts there are twice as many units, but as many items."""
    single = [[[0, 0]], [[0, 1]], [[1, 1]], [[1, 1]], [[2, 1]]]
    twice = [unit * 2 for unit in single]
    one, two = (agreement("question", "nominal", items, 3, seed=0) for items in (single, twice))
    assert two.n == one.n == 5
    assert two.high - two.low == pytest.approx(one.high - one.low, abs=0.15)


def test_the_seed_decides_the_interval():
    first, again, other = (agreement("q", "nominal", UNITS, 5, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert (first.low, first.high) != (other.low, other.high)


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([[[0]], [[1]], [[]]], "no two raters have answered the same question"),
        ([[[1, 1]], [[1, 1, 1]], [[0]]], "all answers are the same, so that chance would agree"),
    ],
)
def test_where_it_is_not_defined_it_says_why(items, reason):
    found = agreement("question", "nominal", items, 2, seed=0)
    assert math.isnan(found.alpha)
    assert math.isnan(found.low)
    assert found.reason is not None
    assert found.reason.startswith(reason)


def test_one_item_has_no_interval():
    found = agreement("question", "nominal", [[[0, 1]]], 2, seed=0)
    assert found.alpha == 0, "as much disagreement as by chance"
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_a_missing_package_names_the_extra(monkeypatch):
    monkeypatch.setattr(rater_agreement, "find_spec", lambda name: None)
    with pytest.raises(MissingAssetError, match=r"robustbert\[audit\]"):
        agreement("question", "nominal", UNITS, 5, seed=0)
