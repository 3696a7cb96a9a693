"""The noisy channel: candidates, their scores, and pairs of words."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from robustbert.defenses.look_alikes import plain_letters, readings
from robustbert.defenses.spelling import UNKNOWN, SpellingModel, log_channel

KNOWN = {"film": -4.0, "fill": -4.3, "file": -4.1, "oil": -4.0, "firm": -4.2, "don't": -3.0}
LETTERS = "eilmoz"


def one_edit(word: str, letters: str) -> list[str]:
    """What each single edit makes of a word, as often as edits make it."""
    found = [word[:i] + word[i + 1 :] for i in range(len(word))]
    found += [a + y + x + b for a, x, y, b in _pairs(word)]
    for letter in letters:
        found += [word[:i] + letter + word[i + 1 :] for i in range(len(word))]
        found += [word[:i] + letter + word[i:] for i in range(len(word) + 1)]
    return found


def _pairs(word: str) -> list[tuple[str, str, str, str]]:
    return [(word[:i], x, y, word[i + 2 :]) for i, (x, y) in enumerate(pairwise(word))]


def test_candidates_are_all_known_words_within_an_edit_and_the_word():
    model = SpellingModel(KNOWN)
    for typo in ("fil", "fiml", "filn", "filmm", "oli", "zzz", "do'nt"):
        near = {word for word in KNOWN if OSA.distance(typo, word) <= 1}
        assert {one.word for one in model.candidates(typo)} == near | {typo}


def test_scores_are_those_of_the_formula():
    """P(c) P(typo) / P(no typo) times the chance of the edit, against P(w) as it is."""
    model = SpellingModel(KNOWN, {"fil": -7.0}, typo_rate=0.2)
    found = {one.word: one.score for one in model.candidates("fil")}
    expected = {
        word: KNOWN[word] + math.log10(0.2 / 0.8) - math.log10(len(word))
        for word in ("film", "fill", "file")
    }
    expected["oil"] = KNOWN["oil"] + math.log10(0.2 / 0.8) - math.log10(3 * 26)
    assert found == pytest.approx({**expected, "fil": -7.0})
    assert model.candidates("fil")[0].word == "film"
    assert {one.word: one.score for one in SpellingModel(KNOWN).candidates("zz")} == {"zz": UNKNOWN}


def test_the_channel_counts_the_edits_that_give_a_typo():
    """Compared with the number of edits that make the typo, of all of the same kind."""
    word = "film"
    counts = {typo: one_edit(word, LETTERS).count(typo) for typo in one_edit(word, LETTERS)}
    for typo in ("fil", "fiml", "fizm", "fzilm"):
        assert counts[typo] == 1
    assert log_channel("fil", word, 1) == log_channel("fiml", word, 1) == -math.log10(4)
    assert log_channel("fizm", word, 1) == log_channel("fzilm", word, 1)
    assert log_channel("fizm", word, 1) == pytest.approx(-math.log10(4 * 26))
    assert log_channel("fzl", word, 2) == pytest.approx(-2 * math.log10(4) - math.log10(26))


def test_a_rare_word_stays_if_it_is_more_likely_than_a_typo():
    listed = {"filk": -5.0, "filf": -7.5}
    model = SpellingModel({"film": -4.0}, listed)
    # as a typo: -4 - log10(9) - log10(4 * 26), about -7
    assert [model.candidates(word)[0].word for word in listed] == ["filk", "film"]
    often = SpellingModel({"film": -4.0}, listed, typo_rate=0.999)
    assert often.candidates("filk")[0].word == "film"


def test_two_edits_are_found_only_if_allowed():
    model = {"wonderful": -4.0}
    assert [one.word for one in SpellingModel(model).candidates("wodnerfl")] == ["wodnerfl"]
    found = SpellingModel(model, max_edits=2).candidates("wodnerfl")
    assert [one.word for one in found] == ["wonderful", "wodnerfl"]


def test_words_that_read_as_a_known_word_are_that_word():
    model = SpellingModel({"film": -4.0, "great": -4.0, "fill": -3.0, "cafe": -5.0})
    assert [
        [one.word for one in model.candidates(w)] for w in ("f1lm", "gre@t", "café", "fi1l")
    ] == [
        ["film"],
        ["great"],
        ["cafe"],
        ["fill"],
    ]


def test_pairs():
    pairs = {"in film": -6.0, "so me": -4.2}
    known = {"in": -2.0, "film": -4.0, "so": -2.5, "me": -2.5, "some": -2.8, "onto": -4.0}
    model = SpellingModel(known, {"mo": -5.0}, pairs)
    assert model.association("in", "film") == 0.0, "as often as by chance"
    assert model.association("so", "me") == pytest.approx(-4.2 + 5.0)
    assert model.association("film", "in") == 0.0
    assert model.join_gain("so", "me") == pytest.approx(-2.8 + 4.2)
    assert model.join_gain("on", "to") == pytest.approx(-4.0 - 2 * UNKNOWN)
    assert model.join_gain("in", "film") == -math.inf


class TestLookAlikes:
    @given(st.text(max_size=12))
    def test_no_text_fails_and_plain_letters_settle(self, word: str):
        plain = plain_letters(plain_letters(word))
        assert plain_letters(plain) == plain
        for reading in readings(word):
            assert reading != word

    @given(st.text("abcdefghijklmnopqrstuvwxyz'", max_size=12))
    def test_plain_words_stay(self, word: str):
        assert plain_letters(word) == word
        assert readings(word) == ()

    @pytest.mark.parametrize("word", ["привет", "世界", "καλό", "בוקר", "ありがとう", "2026", ""])
    def test_words_of_other_scripts_stay(self, word: str):
        assert plain_letters(word) == word
        assert readings(word) == ()
