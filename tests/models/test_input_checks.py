from __future__ import annotations

import pytest

from robustbert.errors import InputError, ModelError
from robustbert.models import check_texts
from robustbert.models.label_names import label_order


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "NUL \0 inside",
        "\x01\x02",
        "🙂🙃",
        "שלום עולם",
        "مرحبا",
        "film " * 10_000,
        "﷽",
        "e\u0301",
    ],
)
def test_unusual_but_valid_texts_are_accepted(text):
    check_texts([text])


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("one string", "a list of texts"),
        (None, "expected a list of texts, got None"),
        (["fine", ""], "text 2 of 2 is empty"),
        ([" \t\n\u2003"], "text 1 of 1 is empty"),
        ([None], "is a NoneType, not a string"),
        ([b"bytes"], "is a bytes, not a string"),
        (["half \ud83d of an emoji"], "surrogate"),
    ],
)
def test_invalid_texts_are_named(texts, message):
    with pytest.raises(InputError, match=message):
        check_texts(texts)


def test_label_order_follows_the_dataset():
    assert label_order("m", ["a", "b", "c"], ["c", "a", "b"], named=True) == [2, 0, 1]
    assert label_order("m", ["LABEL_0", "LABEL_1"], ["no", "yes"], named=False) == [0, 1]


@pytest.mark.parametrize("requested", [["a", "x"], ["a"], ["a", "b", "c"]])
def test_other_labels_are_rejected(requested):
    with pytest.raises(ModelError, match="has the labels a, b but the dataset has"):
        label_order("m", ["a", "b"], requested, named=True)


def test_placeholder_names_must_have_the_same_number():
    with pytest.raises(ModelError):
        label_order("m", ["LABEL_0", "LABEL_1"], ["a", "b", "c"], named=False)
