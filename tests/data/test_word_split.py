"""Texts as words and gaps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.data.word_split import WordSplit
from robustbert.data.words import words_of

TEXTS = st.text(st.sampled_from("abcé0 -_*@'.,\n\u3000\u0435"), max_size=30) | st.text(
    st.characters(exclude_categories=["Cs"]).filter(lambda c: not "\u4e00" <= c <= "\u9fff"),
    max_size=30,
)


@given(TEXTS)
def test_the_words_are_those_of_the_protocol(text: str):
    split = WordSplit.of(text)
    assert list(split.words) == words_of(text)
    assert split.with_words(split.words) == text


@given(st.text(st.sampled_from("ab -'\u4e2d\u6587"), max_size=20))
def test_nothing_of_a_text_is_lost(text: str):
    split = WordSplit.of(text)
    assert split.with_words(split.words) == text


def test_other_words_take_the_places():
    split = WordSplit.of("(a 'good' film!)")
    assert split.with_words(["the", "", "fine movie"]) == "(the '' fine movie!)"
    assert WordSplit.of("...").with_words([]) == "..."


def test_as_many_words_are_needed():
    with pytest.raises(ValueError, match="shorter"):
        WordSplit.of("a film").with_words(["a"])
