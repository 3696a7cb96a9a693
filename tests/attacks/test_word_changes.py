from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.attacks.similarity import angular_similarity, text_similarity
from robustbert.attacks.word_changes import changed_stretches, count_words_changed

WORDS = st.lists(st.sampled_from(["one", "two", "three", "four"]), max_size=40)


def edit_distance(a: list[str], b: list[str]) -> int:
    """The table of Wagner and Fischer (1974), written out."""
    table = [[i + j if i * j == 0 else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            same = table[i - 1][j - 1] + (a[i - 1] != b[j - 1])
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, same)
    return table[-1][-1]


@given(WORDS, WORDS)
def test_words_changed_is_the_edit_distance(a: list[str], b: list[str]):
    assert count_words_changed(a, b) == edit_distance(a, b)


@given(WORDS, WORDS, st.integers(1, 15))
def test_stretches_cover_every_difference(a: list[str], b: list[str], min_words: int):
    pairs = changed_stretches(a, b, min_words)
    assert bool(pairs) == (a != b)
    for pair in pairs:
        assert pair.original != pair.changed
        assert len(pair.original.split()) < max(2 * min_words, len(a) + 1)
        if len(a) >= min_words:
            assert len(pair.original.split()) >= min_words


@given(WORDS.filter(lambda words: len(words) >= 4), st.data())
def test_replaced_words_lie_in_their_own_stretch(words: list[str], data: st.DataObject):
    index = data.draw(st.integers(0, len(words) - 1))
    changed = [*words[:index], "new", *words[index + 1 :]]
    (pair,) = changed_stretches(words, changed, 4)
    assert pair.changed.split().count("new") == 1
    assert len(pair.changed.split()) == len(pair.original.split())


def test_a_split_word_moves_no_other_stretch():
    words = [f"w{i}" for i in range(30)]
    changed = ["w", "0", *words[1:]]
    (pair,) = changed_stretches(words, changed, 15)
    assert pair.original == " ".join(words[:15])
    assert pair.changed == " ".join(["w", "0", *words[1:15]])


def test_angular_similarity_against_trigonometry():
    angles = np.linspace(0.0, math.pi, 7)
    first = np.tile([1.0, 0.0], (7, 1))
    second = np.stack([np.cos(angles), np.sin(angles)], axis=1) * 3.0
    assert angular_similarity(first, second) == pytest.approx(1 - angles / math.pi, abs=1e-7)


def test_text_similarity_is_the_minimum_over_the_stretches():
    vectors = {"a b": [1.0, 0.0], "x b": [1.0, 1.0], "c d": [1.0, 0.0], "c y": [0.0, 1.0]}

    def encode(texts):
        return [np.array(vectors[text]) for text in texts]

    def measure(original: str, changed: str) -> float:
        return text_similarity(original.split(), changed.split(), 2, encode)

    assert measure("a b c d", "x b c y") == pytest.approx(0.5)
    assert measure("a b c d", "x b c d") == pytest.approx(0.75)
    assert measure("a b", "a b") == 1.0
