"""Certificates of a voting classifier on examples."""

from __future__ import annotations

import math

import pytest
from scipy.stats import beta

from robustbert.data import Example
from robustbert.defenses import make_defense
from robustbert.defenses.certification import (
    CertifiedAccuracies,
    CertifiedExample,
    certify_examples,
)
from robustbert.models import CallableClassifier

TEXTS = (
    "good fine well film with a very bad plot and actors .",
    "a dull boring film with a good plot and bad actors .",
    "good bad good bad good bad",
)


def shares_of_good(texts: list[str]) -> list[list[float]]:
    """A classifier that counts words; changed texts can have either label."""
    rows = []
    for text in texts:
        good = sum(word in ("good", "well", "fine") for word in text.split())
        bad = sum(word in ("bad", "dull", "poor", "boring") for word in text.split())
        rows.append([(1 + bad) / (2 + bad + good), (1 + good) / (2 + bad + good)])
    return rows


CLASSIFIER = CallableClassifier(shares_of_good, ["neg", "pos"], name="shares", batch_size=4096)
EXAMPLES = [
    Example(f"id{label}", text, label) for text, label in zip(TEXTS, (1, 0, 1), strict=True)
]


def certify(name: str, params: dict[str, object], **changes: object) -> list[CertifiedExample]:
    settings = {"length": "short", "samples": 300, "confidence": 0.95, "seed": 0} | changes
    voting = make_defense(name, params).wrap(CLASSIFIER)
    return certify_examples(voting, EXAMPLES, on_example=lambda: None, **settings)


@pytest.mark.parametrize("hard", [True, False])
def test_the_bound_is_that_of_the_votes_for_the_true_label(hard):
    params = {"mask": "#", "mask_share": 0.6, "hard_votes": hard}
    found = certify("ranmask", params, seed=4)
    drawn = make_defense("ranmask", params | {"hard_votes": True}).wrap(CLASSIFIER).redrawn(4, 300)
    for one, example, shares in zip(found, EXAMPLES, drawn.predict_proba(TEXTS), strict=True):
        votes = round(300 * shares[example.label])
        assert 0 < votes < 300
        assert (one.example_id, one.label) == (example.example_id, example.label)
        assert (one.label_votes, one.prediction) == (votes, shares.argmax())
        assert one.label_low == pytest.approx(beta.ppf(0.05, votes, 300 - votes + 1))
        assert one.words == len(example.text.split())


def test_the_radius_is_that_of_the_bound():
    for one in certify("ranmask", {"mask": "#", "mask_share": 0.75}):
        kept = one.words - round(0.75 * one.words)
        certified = [
            d
            for d in range(one.words + 1)
            if one.label_low - 1 + math.comb(one.words - d, kept) / math.comb(one.words, kept) > 0.5
        ]
        assert one.radius == max(certified, default=None)


def test_a_unanimous_vote_is_certified_for_more_words_with_more_samples():
    """Of 12 words 3 are kept, so that 1 and 2 words need bounds above 0.75 and 0.955."""
    same = CallableClassifier(lambda texts: [[0.1, 0.9]] * len(texts), ["neg", "pos"], name="pos")
    voting = make_defense("ranmask", {"mask": "#", "mask_share": 0.75}).wrap(same)
    radii = []
    for samples in (5, 20, 2000):
        [one] = certify_examples(
            voting,
            EXAMPLES[:1],
            length="short",
            samples=samples,
            confidence=0.95,
            seed=0,
            on_example=lambda: None,
        )
        assert one.label_low == pytest.approx(0.05 ** (1 / samples))
        radii.append(one.radius)
    assert radii == [0, 1, 2]


@pytest.mark.parametrize(("length", "limits"), [("short", [4, 4, 2]), ("long", [2, 2, 1])])
def test_the_unified_limit_is_a_share_of_the_words_without_punctuation(length, limits):
    """Of 11, 11 and 6 words: 30% of short texts and 10% of long ones, rounded up."""
    found = certify("ranmask", {"mask": "#"}, samples=2, length=length)
    assert [one.unified_limit for one in found] == limits
    assert [one.words for one in found] == [12, 12, 6]


def example(radius: int | None, *, prediction: int = 1, words: int = 8) -> CertifiedExample:
    return CertifiedExample(
        example_id="x",
        label=1,
        prediction=prediction,
        label_votes=9,
        label_low=0.8,
        words=words,
        unified_limit=3,
        radius=radius,
    )


def test_accuracies_count_the_examples_that_are_certified():
    examples = [example(None, prediction=0), example(0), example(2), example(3), example(8)]
    found = CertifiedAccuracies.of(examples)
    assert found.vote.value == 0.8
    assert {key: metric.value for key, metric in found.certified.items()} == {
        "1": 0.6,
        "2": 0.6,
        "3": 0.4,
        "unified": 0.4,
        "all": 0.2,
    }
    assert all(metric.n == 5 and metric.low is not None for metric in found.certified.values())
    assert found.median_radius == 2


@pytest.mark.parametrize(
    ("radii", "median"),
    [([None, None, 5], None), ([None, 5], None), ([0, 0, 4], 0), ([None, 2, 4, 5], 2)],
)
def test_the_median_is_a_radius_and_texts_that_are_not_certified_have_the_smallest(radii, median):
    assert CertifiedAccuracies.of([example(radius) for radius in radii]).median_radius == median


def test_no_text_has_to_be_certified_for_more_words_than_it_has():
    assert example(2, words=2).is_certified_for(3)
    assert example(2, words=2).is_certified_for("unified")
    assert not example(1, words=2).is_certified_for("all")
    assert not example(None, words=2).is_certified_for(0)
