from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st
from nltk.tag.perceptron import AveragedPerceptron

from robustbert.attacks.textattack.tagging import fast_tagging

LABELS = ["ADJ", "NOUN", "VERB", "X"]
# few values, so that labels often have equal scores
weights = st.dictionaries(
    st.sampled_from("abcdef"),
    st.dictionaries(st.sampled_from([*LABELS, "GONE"]), st.sampled_from([-1.0, 0.1, 0.2, 0.3])),
)
features = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 2))


@given(weights, features)
def test_the_same_label_as_nltk_finds(weights, features):
    model = AveragedPerceptron(defaultdict(dict, weights))
    model.classes = set(LABELS)
    expected = model.predict(features)
    with fast_tagging():
        assert model.predict(features) == expected
        assert model.predict(features) == expected
        assert model.predict({}) == ("X", None)


def test_the_same_tags_as_nltk_finds(textattack):
    import nltk

    from robustbert.data import load_dataset

    words = [text.split() for text in load_dataset("rotten_tomatoes").split("test")["text"][:60]]
    expected = [nltk.pos_tag(text, tagset="universal") for text in words]
    with fast_tagging():
        assert [nltk.pos_tag(text, tagset="universal") for text in words] == expected


def test_nltk_is_left_as_it_was():
    before = AveragedPerceptron.predict
    with fast_tagging():
        assert AveragedPerceptron.predict is not before
    assert AveragedPerceptron.predict is before
