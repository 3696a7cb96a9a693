from __future__ import annotations

import pytest

from robustbert.assets.inflection import Inflector, LemmaPair, inflected_forms, lemma_pair

# Written by hand, from a grammar: regular spelling rules and irregular words.
FORMS = [
    ("win", "verb", {"VBZ": "wins", "VBD": "won", "VBN": "won", "VBG": "winning"}),
    ("lose", "verb", {"VBZ": "loses", "VBD": "lost", "VBN": "lost", "VBG": "losing"}),
    ("choose", "verb", {"VBZ": "chooses", "VBD": "chose", "VBN": "chosen", "VBG": "choosing"}),
    ("deny", "verb", {"VBZ": "denies", "VBD": "denied", "VBN": "denied", "VBG": "denying"}),
    ("admit", "verb", {"VBD": "admitted", "VBG": "admitting"}),
    ("good", "adj", {"JJ": "good", "JJR": "better", "JJS": "best"}),
    ("bad", "adj", {"JJ": "bad", "JJR": "worse", "JJS": "worst"}),
    ("happy", "adj", {"JJR": "happier", "JJS": "happiest"}),
    ("big", "adj", {"JJR": "bigger", "JJS": "biggest"}),
    ("loss", "noun", {"NN": "loss", "NNS": "losses"}),
    ("enemy", "noun", {"NNS": "enemies"}),
    ("woman", "noun", {"NNS": "women"}),
    ("fast", "adv", {"RB": "fast", "RBR": "faster", "RBS": "fastest"}),
]


@pytest.mark.parametrize(("lemma", "part", "expected"), FORMS)
def test_forms_agree_with_a_grammar(lemma: str, part: str, expected: dict[str, str]) -> None:
    forms = inflected_forms(lemma, part)
    for tag, form in expected.items():
        assert form in forms[tag]


def test_unknown_word_has_no_other_forms() -> None:
    assert dict(inflected_forms("zzyzx", "noun")) == {"NN": ("zzyzx",)}


VOCABULARY = frozenset(("win", "wins", "won", "winning", "lose", "loses", "lost", "losing", "film"))
PAIRS = [LemmaPair("verb", "lose", "win")]


def test_the_same_inflections_are_paired() -> None:
    assert Inflector(VOCABULARY).same_inflection(PAIRS) == {
        ("lose", "win"),
        ("loses", "wins"),
        ("lost", "won"),
        ("losing", "winning"),
    }


def test_any_two_inflections_are_paired() -> None:
    losing, winning = ("lose", "loses", "lost", "losing"), ("win", "wins", "won", "winning")
    every = {(one, other) for one in losing for other in winning}
    assert Inflector(VOCABULARY).any_inflection(PAIRS) == every


def test_forms_outside_the_vocabulary_are_left_out() -> None:
    inflector = Inflector(frozenset({"won", "lost", "lose"}))
    assert inflector.same_inflection(PAIRS) == {("lost", "won")}
    assert inflector.any_inflection(PAIRS) == {("lost", "won"), ("lose", "won")}
    assert not inflector.forms("very_good", "adj")


def test_a_word_is_not_its_own_opposite() -> None:
    inflector = Inflector(frozenset({"lay", "lie"}))  # "lay" is a form of both
    pairs = inflector.any_inflection([lemma_pair("verb", "lie", "lay")])
    assert pairs == {("lay", "lie")}


def test_pairs_are_in_alphabetical_order() -> None:
    assert lemma_pair("adj", "good", "bad") == lemma_pair("adj", "bad", "good")
    assert lemma_pair("adj", "good", "bad") == LemmaPair("adj", "bad", "good")
