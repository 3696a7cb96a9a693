"""FGWS by hand on a toy table of frequencies, and with the lexicons of the assets."""

from __future__ import annotations

import math

import numpy as np
import pytest

from robustbert.detection import fgws
from robustbert.detection.fgws import (
    Fgws,
    frequency_threshold,
    more_frequent,
    nearest_words,
    probability_drops,
    substituted,
    synonyms_of,
)
from robustbert.errors import InputError
from tests.detection.words import BagOfWords, fitting_data, pairs_of

FREQUENCIES = {"film": 7, "movie": 3, "good": 7, "fine": 3, "flick": 0}
NEAR = {"flick": "movie", "movie": "film", "fine": "good", "good": "film"}


def test_rare_words_are_replaced_by_the_most_frequent_candidate():
    def near(word: str) -> str:
        return NEAR.get(word, word)

    text = "A Fine flick, a good FILM."
    # log(1 + 3) is not below log(4), so "fine" stays
    assert substituted(text, FREQUENCIES, math.log(4), near) == "A Fine movie, a good FILM."
    above = math.log(4) + 1e-9
    assert substituted(text, FREQUENCIES, above, near) == "A good movie, a good FILM."
    assert substituted(text, FREQUENCIES, 0.0, near) == text


def test_a_candidate_must_be_more_frequent():
    assert more_frequent("film", ["good", "movie"], FREQUENCIES) == "film"
    assert more_frequent("fine", ["movie"], FREQUENCIES) == "fine"
    assert more_frequent("fine", [], FREQUENCIES) == "fine"
    assert more_frequent("unseen", ["film", "good"], FREQUENCIES) == "good", "the last of two"


def test_the_threshold_is_a_percentile_over_distinct_words():
    logs = [math.log(1 + count) for count in FREQUENCIES.values()]
    for percentile in fgws.PERCENTILES:
        found = frequency_threshold(FREQUENCIES, percentile)
        assert found == pytest.approx(np.percentile(logs, percentile))


def test_the_score_is_the_drop_of_the_predicted_probability():
    before = [np.array([0.2, 0.8]), np.array([0.7, 0.3])]
    after = [np.array([0.9, 0.1]), np.array([0.75, 0.25])]
    assert probability_drops(before, after) == pytest.approx([0.7, -0.05])


@pytest.fixture
def toy_lexicon(monkeypatch):
    synonyms = {"goood": ("good",), "film": ("movie", "picture")}
    monkeypatch.setattr(fgws, "synonyms_of", lambda word: synonyms.get(word, ()))
    monkeypatch.setattr(fgws, "nearest_words", lambda word, count: ("film",)[:count])
    monkeypatch.setattr("robustbert.detection.detector.ensure_assets", lambda names: {})


def test_it_finds_words_that_were_replaced_by_rare_ones(toy_lexicon):
    victim = BagOfWords({"good": (0, 3), "goood": (2, 0), "bad": (3, 0)})
    texts = ["a good film", "a bad film", "good and bad", "a good one"] * 3
    originals = [f"a good film {'x' * n}" for n in range(12)]
    adversarials = [text.replace("good", "goood") for text in originals]
    data = fitting_data(pairs_of(originals, adversarials), texts, [0] * len(texts))
    fitted = Fgws().fit(victim, data, seed=0)
    # the words of the originals have 2 synonyms among 14 words, so 1 neighbour each
    assert fitted.chosen["neighbours"] == 1
    [drop] = fitted.score(["what a goood thing"])
    expected = victim.predict_proba(["goood", "good"])[:, 0]
    assert drop == pytest.approx(expected[0] - expected[1])
    assert fitted.score(["a good film"]) == pytest.approx([0.0])


def test_without_training_texts_there_are_no_frequencies(toy_lexicon):
    data = fitting_data(pairs_of(["a"] * 12, ["b"] * 12))
    with pytest.raises(InputError, match="needs the word frequencies of a training split"):
        Fgws().fit(BagOfWords({"good": (0, 3)}), data, seed=0)


def test_the_lexicons_know_synonyms():
    assert "movie" in synonyms_of("film")
    assert "film" not in synonyms_of("film")
    assert not any("_" in word for word in synonyms_of("film"))
    assert synonyms_of("qwrtzp") == ()
    near = nearest_words("film", 5)
    assert len(near) == 5
    assert "film" not in near
    assert nearest_words("qwrtzp", 5) == ()


def test_a_wrong_rate_is_refused():
    with pytest.raises(InputError, match=r"max_fpr is 1\.5; give a number from 0 to 1"):
        Fgws(max_fpr=1.5)
