"""The faster functions return what TextAttack's and NLTK's own functions return."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.usefixtures("textattack")


@pytest.fixture(scope="module")
def patches(textattack):
    from robustbert.attacks.textattack.patches import PATCHES

    return PATCHES


class TestWords:
    @given(text=st.text(max_size=60))
    def test_words_match_textattack(self, text: str):
        from textattack.shared.utils import words_from_text

        from robustbert.attacks.textattack.speedups import cached_words_from_text

        split = cached_words_from_text(words_from_text)
        assert split(text) == words_from_text(text)
        assert split(text) == words_from_text(text)
        assert split(text, ["the"]) == words_from_text(text, ["the"])

    def test_callers_may_change_a_cached_result(self):
        from textattack.shared.utils import words_from_text

        from robustbert.attacks.textattack.speedups import cached_words_from_text

        split = cached_words_from_text(words_from_text)
        split("a fine film").append("x")
        assert split("a fine film") == ["a", "fine", "film"]


TOKENS = ["film", "a", "it's", "x-ray", "-", "--", "'", "good.", "(not)", "I", "SPLIT", "<SPLIT>"]
TOKENS += ["电影", "e.g.", "\u00e9t\u00e9", "\u0130", "_", "a_b", "T", "\t", "\n"]
NEW = ["movie", "", "two words", "three more words", "x.y", "-", "film", "<SPLIT>", "好电影", "'s"]

texts = st.lists(st.sampled_from(TOKENS), min_size=1, max_size=9).map(" ".join)
texts |= st.text(max_size=20)
changes = st.lists(
    st.dictionaries(st.integers(0, 9), st.sampled_from(NEW), max_size=3), min_size=1, max_size=3
)


def described(text: Any) -> dict[str, Any]:
    """Everything that TextAttack reads from a text."""
    attrs = dict(text.attack_attrs)
    previous = attrs.pop("previous_attacked_text", None)
    index_map = attrs.pop("original_index_map").tolist()
    return {
        "text": text.text,
        "words": text.words,
        "inputs": list(text._text_input.items()),
        "keys": list(text.attack_attrs),
        "attrs": attrs,
        "index_map": index_map,
        "previous": previous.text if previous is not None else None,
        "hash": hash(text),
    }


def rewritten(start: str | OrderedDict, changes: list[dict[int, str]]) -> Any:
    """The results of repeated word replacement, and the type of the exception that ended it."""
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


class TestNewTexts:
    @settings(max_examples=400)
    @given(start=texts, changes=changes)
    @example(start="a fine film", changes=[{1: "very fine"}, {0: "the", 3: "movie"}])
    @example(start="a fine, fine film.", changes=[{2: "good"}])
    def test_new_text_matches_textattack(self, patches, start: str, changes: list[dict[int, str]]):
        expected = rewritten(start, changes)
        with patches.applied():
            assert rewritten(start, changes) == expected

    def test_common_changes_use_the_fast_path(self):
        from textattack.shared import AttackedText

        from robustbert.attacks.textattack.speedups import replace_words

        text = AttackedText("a fine, fine film.")
        assert replace_words(text, ["a", "fine", "good", "film"]).text == "a fine, good film."
        longer = replace_words(text, ["a", "fine", "very good", "film"])
        assert longer.words[2:4] == ["very", "good"]
        assert replace_words(text, ["a", "fine", "", "film"]) is None
        assert replace_words(text, ["a", "fine"]) is None

    def test_several_inputs_use_textattacks_function(self, patches):
        inputs = OrderedDict([("premise", "a fine film"), ("hypothesis", "a film")])
        expected = rewritten(inputs, [{1: "good"}])
        with patches.applied():
            assert rewritten(inputs, [{1: "good"}]) == expected


LABELS = ["ADJ", "NOUN", "VERB", "X"]
# Few distinct values, so that labels often have equal scores.
weights = st.dictionaries(
    st.sampled_from("abcdef"),
    st.dictionaries(st.sampled_from([*LABELS, "GONE"]), st.sampled_from([-1.0, 0.1, 0.2, 0.3])),
)
features = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 2))


class TestTags:
    @given(weights=weights, features=features)
    def test_labels_match_nltk(self, patches, weights, features):
        from nltk.tag.perceptron import AveragedPerceptron

        model = AveragedPerceptron(defaultdict(dict, weights))
        model.classes = set(LABELS)
        expected = model.predict(features)
        with patches.applied():
            assert model.predict(features) == expected
            assert model.predict(features) == expected
            assert model.predict({}) == ("X", None)

    def test_tags_match_nltk(self, patches):
        import nltk

        from robustbert.data import load_dataset

        words = [
            text.split() for text in load_dataset("rotten_tomatoes").split("test")["text"][:60]
        ]
        expected = [nltk.pos_tag(text, tagset="universal") for text in words]
        with patches.applied():
            assert [nltk.pos_tag(text, tagset="universal") for text in words] == expected


@pytest.mark.parametrize("made", [{"00001740-n": "00001740-n"}, None])
def test_the_map_of_wordnet_is_made_when_it_is_read(made):
    from robustbert.attacks.textattack.speedups import deferred_map_wn

    calls = []

    def map_wn(*which):
        calls.append(which)
        return made

    mapping = deferred_map_wn(map_wn)("reader")
    assert not calls
    assert bool(mapping) == bool(made)  # NLTK tests this before it looks something up
    assert dict(mapping) == (made or {})
    assert calls == [("reader", "wordnet")]
