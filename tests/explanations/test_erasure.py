"""Comprehensiveness and sufficiency against a linear model, whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from robustbert.explanations import explain
from robustbert.explanations.erasure import SHARES, erase, num_important
from tests.explanations.toys import BIAS, WEIGHTS

TEXT = "The awful film was bad, but a good and great actor made it fine: very, very, very fine."


def probability(words):
    """Of the class ``pos``, by the definition of the model."""
    logit = BIAS + sum(WEIGHTS.get(word.lower(), 0.0) for word in words)
    return 1 / (1 + np.exp(-logit))


def occlusion(linear, text=TEXT):
    return explain(text, model=linear, method="occlusion", target="pos", output="log-odds")[0]


def test_words_with_the_highest_scores_are_removed_or_kept(linear):
    attribution = occlusion(linear)
    words = list(attribution.words)
    assert len(words) == 18
    # 1% and 5% of 18 words are one word, 10% two, 20% four and 50% nine; of equal ones the first
    positive = ["great", "good", "fine", "fine", "film"]
    zeros = [word for word in words if word not in WEIGHTS][:4]
    removed = [positive[:1], positive[:1], positive[:2], positive[:4], positive + zeros]
    (found,) = erase(linear, [attribution])
    for value, gone in zip(found.comprehensiveness, removed, strict=True):
        left = list(words)
        for word in gone:
            left.remove(word)
        assert value == pytest.approx(probability(words) - probability(left))
    for value, alone in zip(found.sufficiency, removed, strict=True):
        assert value == pytest.approx(probability(words) - probability(alone))


def test_averages(linear):
    (found,) = erase(linear, [occlusion(linear)])
    assert found.mean_comprehensiveness == pytest.approx(sum(found.comprehensiveness) / 5)
    assert found.mean_sufficiency == pytest.approx(sum(found.sufficiency) / 5)


def test_the_true_weights_are_better_than_the_opposite(linear):
    right = occlusion(linear)
    wrong = replace(right, scores=tuple(-score for score in right.scores))
    good, bad = erase(linear, [right, wrong])
    assert good.mean_comprehensiveness > 0 > bad.mean_comprehensiveness
    assert good.mean_sufficiency < bad.mean_sufficiency


def test_texts_do_not_affect_each_other(linear):
    both = [occlusion(linear), occlusion(linear, "great")]
    assert erase(linear, both) == [*erase(linear, both[:1]), *erase(linear, both[1:])]
    assert erase(linear, []) == []


def test_a_text_of_one_word_is_emptied(linear):
    (found,) = erase(linear, [occlusion(linear, "great")])
    assert found.comprehensiveness == pytest.approx([probability(["great"]) - probability([])] * 5)
    assert found.sufficiency == pytest.approx([0] * 5)


@pytest.mark.parametrize(
    ("num_words", "numbers"),
    [(1, [1, 1, 1, 1, 1]), (30, [1, 2, 3, 6, 15]), (100, [1, 5, 10, 20, 50])],
)
def test_the_number_of_words_is_rounded_up(num_words, numbers):
    assert [num_important(share, num_words) for share in SHARES] == numbers
