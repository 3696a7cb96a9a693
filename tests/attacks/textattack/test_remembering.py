from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture(scope="module", autouse=True)
def _imported(textattack):
    return textattack


@given(st.text(max_size=60))
def test_words_are_split_as_before(text: str):
    from textattack.shared.utils import words_from_text

    from robustbert.attacks.textattack.remembering import remembered

    split = remembered(words_from_text)
    assert split(text) == words_from_text(text)
    assert split(text) == words_from_text(text)
    assert split(text, ["the"]) == words_from_text(text, ["the"])


def test_an_answer_may_be_changed_by_who_got_it():
    from textattack.shared.utils import words_from_text

    from robustbert.attacks.textattack.remembering import remembered

    split = remembered(words_from_text)
    split("a fine film").append("x")
    assert split("a fine film") == ["a", "fine", "film"]


def test_textattack_is_left_as_it_was():
    from textattack.shared import attacked_text

    from robustbert.attacks.textattack.remembering import remembered_words

    before = attacked_text.words_from_text
    with remembered_words():
        assert attacked_text.words_from_text is not before
    assert attacked_text.words_from_text is before
