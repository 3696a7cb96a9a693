"""What raters say: shares, differences and intervals by hand, and groups."""

from __future__ import annotations

import math

import pytest

from robustbert.audit import Rating, report_audit
from robustbert.audit.audit_report import group_items
from robustbert.audit.estimates import mean_of, share_of
from robustbert.audit.rating_questions import Answers
from robustbert.errors import InputError
from tests.audit.audited_runs import make_key

# The adversarial text is the first one, the second one, the first one.
KEY = make_key([0, 1, 1], ["first", "second", "first"])


def rating(item, meaning=None, labels=(None, None), fluencies=(None, None), rater="anna"):
    return Rating(rater, item, Answers(meaning, labels, fluencies))


def total(*ratings, key=KEY):
    return report_audit(key, ratings).groups[-1]


def test_the_key_says_which_text_is_the_adversarial_one():
    found = total(
        rating("i0", "yes", (0, 1), (2, 5)),  # label kept; the original gets a wrong one
        rating("i1", "no", (1, 0), (5, 4)),  # label changed; the original is right
        rating("i2", "unsure", (1, 1), (1, 3)),  # both right
    )
    assert found.label_kept.value == pytest.approx(2 / 3)
    assert found.original_label.value == pytest.approx(2 / 3)
    assert found.same_meaning.value == pytest.approx(1 / 3)
    assert found.unsure.value == pytest.approx(1 / 3)
    assert found.fluency_original.value == pytest.approx((5 + 5 + 3) / 3)
    assert found.fluency_difference.value == pytest.approx((-3 - 1 - 2) / 3)


def test_one_rater_gives_wilson_intervals():
    """2 of 3: centre (2/3 + z²/6) / (1 + z²/3), z = 1.96, as Wilson's formula has it."""
    found = total(*(rating(f"i{i}", meaning) for i, meaning in enumerate(["yes", "yes", "no"])))
    z = 1.959964
    centre = (2 / 3 + z * z / 6) / (1 + z * z / 3)
    half = z * math.sqrt(2 / 9 / 3 + z * z / 36) / (1 + z * z / 3)
    assert found.same_meaning.interval == "wilson"
    assert found.same_meaning.low == pytest.approx(centre - half, abs=1e-6)
    assert found.same_meaning.high == pytest.approx(centre + half, abs=1e-6)


def test_several_raters_weigh_items_equally_and_are_bootstrapped():
    ratings = [
        rating("i0", answer, rater=who)
        for who, answer in zip("abc", ["yes", "no", "no"], strict=True)
    ]
    found = total(*ratings, rating("i1", "yes"), rating("i2", "yes"))
    assert found.same_meaning.value == pytest.approx((1 / 3 + 1 + 1) / 3)
    assert found.same_meaning.interval == "bootstrap"
    assert found.same_meaning.low == pytest.approx((1 / 3 + 1 / 3 + 1) / 3, abs=0.23)
    assert found.same_meaning.high == 1


def test_raters_who_agree_on_each_item_keep_wilsons_interval():
    one, two = (
        total(*(rating(f"i{i}", "yes", rater=who) for who in raters for i in range(3)))
        for raters in ("a", "ab")
    )
    assert one.same_meaning == two.same_meaning
    assert one.same_meaning.low is not None
    assert one.same_meaning.low < 0.5, "three items are no certainty"


def test_a_bootstrap_by_hand():
    """Means of two values drawn from 0 and 1: 0, 0.5 and 1 with 1/4, 1/2 and 1/4."""
    found = mean_of([0.0, 0.5], seed=0)
    assert (found.low, found.value, found.high) == (0.0, 0.25, 0.5)
    assert share_of([0.0, 0.5], seed=0) == found


def test_missing_answers_are_counted_and_left_out():
    report = report_audit(KEY, [rating("i0", "yes"), rating("i1", None, (1, None))])
    found = report.groups[-1]
    assert (found.num_items, found.num_rated) == (3, 2)
    assert found.same_meaning.n == 1
    assert found.label_kept.value is None, "the label of an original is no answer to it"
    assert found.original_label.n == 1
    assert found.fluency_difference.value is None
    assert report.missing == {
        "same_meaning": 1,
        "first_label": 1,
        "second_label": 2,
        "first_fluency": 2,
        "second_fluency": 2,
    }


def test_agreement_of_one_rater_is_not_defined():
    for found in total(rating("i0", "yes", (0, 1), (2, 5))).agreements:
        assert math.isnan(found.alpha)
        assert found.reason == "no two raters have answered the same question"


def test_the_agreement_of_the_meaning_by_hand():
    pairs = [("yes", "yes"), ("yes", "no"), ("no", "no")]
    ratings = [
        rating(f"i{i}", answer, rater=who)
        for i, pair in enumerate(pairs)
        for who, answer in zip("ab", pair, strict=True)
    ]
    meaning, label, fluency = total(*ratings).agreements
    assert meaning.alpha == pytest.approx(1 - (2 / 6) / (18 / 30))
    assert (label.n, fluency.n) == (0, 0)


def test_the_label_of_both_texts_counts_for_the_agreement():
    same = [rating("i0", None, (0, 1), rater=who) for who in "ab"]
    assert total(*same).agreements[1].alpha == 1


def test_groups_are_recipes_and_what_differs():
    items = [
        KEY.items[0],
        KEY.items[1].model_copy(update={"recipe": "iga"}),
        KEY.items[2].model_copy(update={"track": "published"}),
    ]
    assert list(group_items(items[:2])) == ["iga", "pwws"]
    assert list(group_items(items)) == [
        "iga, unified track",
        "pwws, published track",
        "pwws, unified track",
    ]


def test_raters_are_counted_without_regard_to_letter_case():
    report = report_audit(KEY, [rating("i0", "yes"), rating("i1", "yes", rater="Anna")])
    assert report.raters == ("Anna",)
    assert report.num_ratings == 2


def test_without_ratings_everything_is_missing():
    report = report_audit(KEY, [])
    assert (report.num_ratings, report.raters) == (0, ())
    assert report.groups[-1].label_kept.value is None


def test_a_negative_seed_is_an_error():
    with pytest.raises(InputError, match="seed is -1"):
        report_audit(KEY, [rating("i0", "yes")], seed=-1)
