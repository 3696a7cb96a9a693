"""New texts as TextAttack makes them, with TextAttack as the oracle."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

TOKENS = ["film", "a", "it's", "x-ray", "-", "--", "'", "good.", "(not)", "I", "SPLIT", "<SPLIT>"]
TOKENS += ["电影", "e.g.", "\u00e9t\u00e9", "\u0130", "_", "a_b", "T", "\t", "\n"]
NEW = ["movie", "", "two words", "three more words", "x.y", "-", "film", "<SPLIT>", "好电影", "'s"]

texts = st.lists(st.sampled_from(TOKENS), min_size=1, max_size=9).map(" ".join)
texts |= st.text(max_size=20)
changes = st.lists(
    st.dictionaries(st.integers(0, 9), st.sampled_from(NEW), max_size=3), min_size=1, max_size=3
)


@pytest.fixture(scope="module", autouse=True)
def _imported(textattack):
    return textattack


def described(text: Any) -> dict[str, Any]:
    """All that TextAttack reads of a text."""
    attrs = dict(text.attack_attrs)
    previous = attrs.pop("previous_attacked_text", None)
    places = attrs.pop("original_index_map").tolist()
    return {
        "text": text.text,
        "words": text.words,
        "inputs": list(text._text_input.items()),
        "keys": list(text.attack_attrs),
        "attrs": attrs,
        "places": places,
        "previous": previous.text if previous is not None else None,
        "hash": hash(text),
    }


def rewritten(start: str | OrderedDict, changes: list[dict[int, str]]) -> Any:
    """What comes of replacing words again and again; or the exception, by its type."""
    from textattack.shared import AttackedText

    text = AttackedText(start)
    found = []
    for change in changes:
        words = [change.get(i, word) for i, word in enumerate(text.words)]
        try:
            text = text.generate_new_attacked_text(words)
        except Exception as error:
            return [*found, type(error)]
        found.append(described(text))
    return found


@settings(max_examples=400)
@given(texts, changes)
@example("a fine film", [{1: "very fine"}, {0: "the", 3: "movie"}])
@example("a fine, fine film.", [{2: "good"}])
def test_a_new_text_is_textattacks(start: str, changes: list[dict[int, str]]):
    from robustbert.attacks.textattack.remembering import remembered_words
    from robustbert.attacks.textattack.rewriting import fast_rewriting

    expected = rewritten(start, changes)
    with remembered_words(), fast_rewriting():
        assert rewritten(start, changes) == expected


def test_usual_changes_go_the_fast_way():
    from textattack.shared import AttackedText

    from robustbert.attacks.textattack.rewriting import rewrite

    text = AttackedText("a fine, fine film.")
    assert rewrite(text, ["a", "fine", "good", "film"]).text == "a fine, good film."
    assert rewrite(text, ["a", "fine", "very good", "film"]).words[2:4] == ["very", "good"]
    assert rewrite(text, ["a", "fine", "", "film"]) is None
    assert rewrite(text, ["a", "fine"]) is None


def test_several_inputs_go_textattacks_way():
    inputs = OrderedDict([("premise", "a fine film"), ("hypothesis", "a film")])
    expected = rewritten(inputs, [{1: "good"}])

    from robustbert.attacks.textattack.rewriting import fast_rewriting

    with fast_rewriting():
        assert rewritten(inputs, [{1: "good"}]) == expected


def test_textattack_is_left_as_it_was():
    from textattack.shared.attacked_text import AttackedText

    from robustbert.attacks.textattack.remembering import remembered_words
    from robustbert.attacks.textattack.rewriting import fast_rewriting

    before = (AttackedText.generate_new_attacked_text, AttackedText.text)
    with remembered_words(), fast_rewriting():
        assert AttackedText.generate_new_attacked_text is not before[0]
        assert AttackedText.text is not before[1]
    assert (AttackedText.generate_new_attacked_text, AttackedText.text) == before
