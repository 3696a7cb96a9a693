"""Spell correction of texts."""

from __future__ import annotations

import sys
from importlib import metadata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.data.words import HOMOGLYPHS
from robustbert.defenses import TransformedClassifier, make_defense
from robustbert.defenses.spell_correction import SpellCorrector
from robustbert.defenses.spelling import SpellingModel, spelling_assets
from robustbert.errors import InputError, MissingAssetError
from robustbert.models import load_model

KNOWN = {
    "a": -1.6,
    "the": -1.3,
    "was": -2.1,
    "movie": -3.7,
    "film": -4.0,
    "fill": -4.1,
    "glass": -4.3,
    "very": -2.9,
    "well": -3.0,
    "made": -3.0,
    "wonderful": -4.2,
    "vie": -5.6,
    "don't": -2.8,
    "it's": -2.6,
    "some": -2.8,
    "one": -2.6,
    "someone": -3.6,
    "bad": -3.6,
}
PAIRS = {"fill glass": -6.0, "some one": -7.5}
MODEL = SpellingModel(KNOWN, {"mo": -5.1, "solondz": -7.8}, PAIRS)
CORRECT = SpellCorrector(MODEL, 100)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the flim was vrey badd", "the film was very bad"),
        ("a mo vie .", "a movie ."),
        ("won derful", "wonderful"),
        ("wonderfu l film", "wonderful film"),
        ("Wnderful, (MOVEI)", "Wonderful, (MOVEI)"),
        ("A WNDERFUL MOVEI", "A WONDERFUL MOVIE"),
        ("the filM was Badd!", "the filM was Bad!"),
        ("a wel-made  film's\tflim", "a well-made  film's\tfilm"),
        ("it`s a fi1m, d0n't", "it's a film, don't"),
        ("a m0v1e", "a movie"),
        ("fil", "film"),
        ("fil glass", "fill glass"),
        ("so me one", "some one"),
        ("a solondz film", "a solondz film"),
        ("mo , vie", "mo , vie"),
        ("mo  vie", "mo  vie"),
        ("un film très bon", "un film très bon"),
        ("это хороший фильм", "это хороший фильм"),
        ("这 是 好 电影", "这 是 好 电影"),
        ("<script>alert(1)</script> \x00 %s {0} \U0001f600", None),
        ("...", "..."),
    ],
)
def test_texts(text, expected):
    assert CORRECT(text) == (text if expected is None else expected)


def test_every_look_alike_is_undone():
    for letter in "abdefgilmorsvwy":
        for word in (word for word in KNOWN if letter in word and len(word) > 2):
            changed = word.replace(letter, HOMOGLYPHS[letter], 1)
            assert CORRECT(f"the {changed} was") == f"the {word} was"


def test_hostile_texts_take_no_longer():
    for text in ("1l" * 5000, "a1" * 5000 + "b" * 9000, "mo vie " * 500, "x " * 2000, "é" * 9000):
        CORRECT(text)
    assert CORRECT("mo vie " * 3) == "movie " * 3


WORDS = st.sampled_from(
    [*KNOWN, "flim", "Badd", "zz", "mo", "f1lm", "мир", "é", "don`t", "-", "x's"]
)
TEXTS = st.lists(WORDS, max_size=8).map(" ".join) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=30
)


@given(TEXTS)
def test_correcting_twice_does_nothing_more(text: str):
    once = CORRECT(text)
    assert CORRECT(once) == once
    assert bool(once.strip()) == bool(text.strip())


@given(st.lists(st.sampled_from([*KNOWN, "SOLONDZ", "世界"]), max_size=8))
def test_known_words_are_never_corrected(words: list[str]):
    """They can be joined, but no letter changes."""
    text = ", ".join(words)
    assert CORRECT(text) == text
    assert CORRECT(" ".join(words)).replace(" ", "") == "".join(words)


def test_words_are_joined_above_the_ratio():
    """By chance ``mo vie`` is 10 ** 7 times as rare as ``movie``, ``some one`` 10 ** 1.8 times."""
    assert SpellCorrector(MODEL, 10**6.9)("mo vie") == "movie"
    assert SpellCorrector(MODEL, 10**7.1)("mo vie") == "mo vie"
    assert SpellCorrector(MODEL, 10**1.7)("some one") == "someone"
    often = SpellingModel(KNOWN, {}, {"some one": -5.0})
    assert SpellCorrector(often, 10**1.7)("some one") == "some one", "10 ** 1.4 times"


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_zipf": 0.5},
        {"min_zipf": float("nan")},
        {"max_edits": 3},
        {"max_edits": 0},
        {"typo_rate": 0.0},
        {"typo_rate": 1.0},
        {"join_ratio": 0.5},
        {"join_ratio": float("inf")},
    ],
)
def test_parameters_out_of_range_are_rejected_by_name(wrong):
    (name,) = wrong
    with pytest.raises(InputError, match=f"{name} is .*; give"):
        make_defense("spell-correction", wrong)


def test_it_only_wraps():
    defense = make_defense("spell-correction", {})
    assert defense.hooks == ("wrap",)
    assert not defense.trains
    assert not defense.keeps_gradients
    assert not defense.is_randomised


@pytest.fixture(scope="module")
def wrapped(svm):
    return make_defense("spell-correction", {}).wrap(load_model(str(svm)))


def test_the_classifier_reads_the_corrected_text(wrapped, svm):
    assert isinstance(wrapped, TransformedClassifier)
    typos = "The mo vie was briliant , and the plto thin"
    clean = "The movie was brilliant , and the plot thin"
    assert wrapped.transform([typos, clean]) == [clean, clean]
    found = wrapped.predict_proba([typos])
    assert (found == load_model(str(svm)).predict_proba([clean])).all()


def test_frequent_names_and_rare_words_stay(wrapped):
    """Names outside symspellpy's dictionary, a misspelling that wordfreq lists, an abbreviation."""
    text = "Schwarzenegger and Stallone in a BBC filmgoer's film by Solondz"
    assert wrapped.transform([text]) == [text]
    assert wrapped.transform(["we recieve teh film"]) == ["we receive the film"]


def test_the_files_are_named_by_their_hashes():
    found = make_defense("spell-correction", {}).wrapper_assets()
    assert found == spelling_assets()
    assert set(found) == {"symspellpy-words", "symspellpy-pairs", "wordfreq"}
    assert all(len(digest) == 64 for digest in found.values())


def test_a_missing_package_is_named_with_its_command(svm, monkeypatch):
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    monkeypatch.setitem(sys.modules, "symspellpy", None)
    with pytest.raises(MissingAssetError, match="pip install --no-deps symspellpy"):
        make_defense("spell-correction", {"min_zipf": 7.5}).wrap(load_model(str(svm)))
