"""WDR on a bag of words, where the logits without a word are known."""

from __future__ import annotations

import numpy as np
import pytest

from robustbert.detection.row_classifier import RowClassifier, padded
from robustbert.detection.wdr import Wdr
from robustbert.errors import InputError
from tests.detection.words import BagOfWords, fitting_data, pairs_of

WEIGHTS = {"good": (0, 2, 0), "bad": (3, 0, 0), "odd": (0, 0, 1), "film": (0, 0.5, 0.25)}


def test_the_differences_are_those_worked_out_by_hand():
    victim = BagOfWords(WEIGHTS)
    # logits: (0, 2.5, 1.25), so label 1 is predicted; without good (0, .5, 1.25),
    # without film (0, 2, 1), without odd (0, 2.5, .25), without "a" (0, 2.5, 1.25)
    [found] = Wdr().measure(victim)(["A good, odd film!"])
    assert found == pytest.approx([0.5 - 1.25, 2 - 1, 2.5 - 1.25, 2.5 - 0.25])
    assert sorted(set(victim.asked)) == sorted(
        [
            "A good, odd film!",
            "[UNK] good, odd film!",
            "A [UNK], odd film!",
            "A good, [UNK] film!",
            "A good, odd [UNK]!",
        ]
    )


def test_without_logits_the_logarithms_of_probabilities_are_read():
    """Differences of log-probabilities are those of logits; saliency orders them otherwise."""
    text = "a good odd film"
    [by_logits] = Wdr().measure(BagOfWords(WEIGHTS))([text])
    [by_probabilities] = Wdr().measure(BagOfWords(WEIGHTS, has_logits=False))([text])
    assert sorted(by_probabilities) == pytest.approx(sorted(by_logits), abs=1e-4)


def test_a_text_without_words_has_no_differences():
    assert [len(row) for row in Wdr().measure(BagOfWords(WEIGHTS))(["!!!"])] == [0]


def test_large_texts_are_measured_as_small_ones(monkeypatch):
    texts = [f"a good film {'odd ' * n}" for n in range(9)]
    whole = Wdr().measure(BagOfWords(WEIGHTS))(texts)
    monkeypatch.setattr("robustbert.detection.wdr._BATCH", 5)
    parts = Wdr().measure(BagOfWords(WEIGHTS))(texts)
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)


def test_it_learns_that_adversarial_texts_react_to_one_word():
    """An original has its label by several words, an adversarial text by one."""
    originals = [f"good good good film {n}" for n in range(20)]
    adversarials = [f"good goood goood film {n}" for n in range(20)]
    data = fitting_data(pairs_of(originals[:10], adversarials[:10]))
    fitted = Wdr().fit(BagOfWords(WEIGHTS), data, seed=0)
    low, high = fitted.score(originals[10:]), fitted.score(adversarials[10:])
    assert low.max() < high.min()
    np.testing.assert_array_equal(fitted.score(originals[10:]), low)


def test_the_same_seed_gives_the_same_scores():
    random = np.random.default_rng(0)
    rows = [random.normal(size=5) for _ in range(60)]
    scores = [RowClassifier.fit(rows[:30], rows[30:], 9, seed).scores(rows) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2]), "it draws subsamples"


def test_rows_are_cut_and_filled():
    rows = [np.arange(1.0, 4.0), np.array([]), np.array([7.0])]
    assert padded(rows, 2).tolist() == [[1, 2], [0, 0], [7, 0]]
    assert RowClassifier.fit(rows, rows, max_width=2, seed=0).width == 2
    assert RowClassifier.fit(rows[1:2], rows[1:2] + rows[2:], max_width=2, seed=0).width == 1


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"max_words": 0}, "max_words is 0"), ({"replacement": " "}, "replacement is empty")],
)
def test_wrong_parameters_are_refused(parameters, message):
    with pytest.raises(InputError, match=message):
        Wdr(**parameters)
