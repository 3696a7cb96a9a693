"""Discrete adversarial training: random changes of training texts, the worst of which are kept."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from robustbert.data.words import HOMOGLYPHS, words_of
from robustbert.defenses import RowCost, make_defense
from robustbert.defenses.random_changes import WordNeighbours, word_neighbours
from robustbert.defenses.typos import random_typo
from robustbert.errors import InputError
from robustbert.training import EpochStart, ExtraRow, TrainingConfig

TEXTS = [
    "An excellent film , with a wonderful story .",
    "the worst film that I have seen this year",
    "?!",
    "it is what it is",
]
LABELS = [1, 0, 1, 0]


class LengthClassifier:
    """Finds a text negative the more, the longer it is, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        negative = np.array([1 - 1 / (1 + len(text)) for text in texts])
        return np.stack([negative, 1 - negative], axis=1)


def rows_of(epoch: int = 0, texts: Sequence[str] = TEXTS, **params) -> tuple[list[ExtraRow], list]:
    """The rows of an epoch, and the texts that the classifier was asked."""
    classifier = LengthClassifier()
    start = EpochStart(
        epoch=epoch,
        dataset=None,
        texts=texts,
        labels=LABELS[: len(texts)],
        config=TrainingConfig(),
        make_classifier=lambda: classifier,
    )
    return list(make_defense("discrete", params).epoch_rows(start)), classifier.asked


def test_the_change_with_the_largest_loss_is_trained_on():
    rows, asked = rows_of(texts=TEXTS[:2], samples=5)
    proposed = asked[:5], asked[5:10]
    assert len(set(proposed[0])) > 1
    assert [(row.row, row.label, row.weight) for row in rows] == [(0, 1, 1.0), (1, 0, 1.0)]
    assert len(rows[0].text) == max(map(len, proposed[0])), "of a positive text the longest"
    assert len(rows[1].text) == min(map(len, proposed[1])), "of a negative text the shortest"


@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_no_more_words_than_the_share_are_changed(rounds):
    text = "a truly wonderful story about children in an awful distant country near mountains"
    words, stopwords = text.split(), word_neighbours().stopwords
    for epoch in range(20):
        (row,), _ = rows_of(epoch, [text], rounds=rounds, samples=3, typos=0.0)
        changed = [old for old, new in zip(words, row.text.split(), strict=True) if old != new]
        assert 1 <= len(changed) <= int(0.3 * len(words))
        assert not stopwords.intersection(changed)


def test_a_round_starts_from_the_worst_of_the_one_before():
    text = "wonderful children visit distant mountains"
    (row,), asked = rows_of(1, [text], rounds=2, samples=4, words_changed=0.4, typos=0.0)
    first, second = asked[:4], asked[4:]
    longest = max(first, key=len).split()
    assert all(differing(one.split(), text.split()) == 1 for one in first)
    assert all(differing(one.split(), longest) == 1 for one in second)
    assert all(differing(one.split(), text.split()) == 2 for one in second)
    assert row.text == max(second, key=len)


def differing(words: Sequence[str], others: Sequence[str]) -> int:
    return sum(one != other for one, other in zip(words, others, strict=True))


def test_texts_without_words_to_change_have_no_row():
    rows, _ = rows_of()
    assert [row.row for row in rows] == [0, 1]


def test_the_rest_of_a_text_stays_as_it_is():
    (row, _), _ = rows_of(texts=TEXTS[:2], typos=0.0)
    assert row.text.startswith("An ")
    assert row.text.endswith(" .")
    assert " , with a " in row.text


def test_other_epochs_and_seeds_give_other_changes():
    texts = {tuple(row.text for row in rows_of(epoch)[0]) for epoch in range(4)}
    assert len(texts) == 4
    assert rows_of(2)[0] == rows_of(2)[0]
    fewer, _ = rows_of(2, TEXTS[:1])
    assert fewer == rows_of(2)[0][:1], "a text's changes do not depend on the others"


def test_the_cost_counts_rows_and_predictions_of_every_epoch():
    params = {"samples": 3, "rounds": 2, "clean_epochs": 1}
    found = [rows_of(epoch, TEXTS[:2], **params) for epoch in range(4)]
    cost = make_defense("discrete", params).row_cost(2, 4)
    assert cost.rows == sum(len(rows) for rows, _ in found) == 6
    assert cost.queries == sum(len(asked) for _, asked in found) == 36
    assert make_defense("discrete", {"words_changed": 0.0}).row_cost(2, 4) == RowCost()


def test_plain_epochs_have_no_rows():
    assert rows_of(0, clean_epochs=1) == ([], [])
    assert rows_of(1, clean_epochs=1)[0]
    assert rows_of(0, words_changed=0.0) == ([], [])


class TestChanges:
    words = WordNeighbours({"good": ["fine", "nice", "great"], "ab": []}, {"the"})

    def changes(self, word: str, typos: float, count: int = 2) -> Counter[str]:
        generator = random.Random(0)
        return Counter(self.words.change(word, typos, count, generator) for _ in range(3000))

    def test_neighbours_are_equally_likely(self):
        found = self.changes("good", 0.0)
        assert found.keys() == {"fine", "nice"}
        assert abs(found["fine"] - 1500) < 150

    def test_neighbours_have_the_case_of_the_word(self):
        assert self.changes("Good", 0.0).keys() == {"Fine", "Nice"}
        assert self.changes("GOOD", 0.0).keys() == {"FINE", "NICE"}

    def test_typos_have_their_probability(self):
        found = self.changes("good", 0.25)
        assert abs(found["fine"] + found["nice"] - 2250) < 150

    def test_words_without_neighbours_get_typos(self):
        assert "film" in self.changes("films", 0.5)
        assert self.changes("films", 0.0).keys() == {"films"}
        assert self.changes("ab", 0.5).keys() == {"ab"}, "too short"

    def test_opposites_and_stopwords_are_no_neighbours(self):
        real = word_neighbours()
        assert "bad" not in real.neighbours["good"]
        assert not real.may_change("The")
        assert real.may_change("film")


def test_typos_are_single_edits_of_the_attacks():
    generator = random.Random(1)
    found = {random_typo("film", generator) for _ in range(4000)}
    letters = "abcdefghijklmnopqrstuvwxyz"
    ends = [("film"[:at], "film"[at:]) for at in range(5)]
    expected = {a + c + b for a, b in ends for c in letters}
    expected |= {a + c + b[1:] for a, b in ends if b for c in (*letters, HOMOGLYPHS[b[0]], "")}
    expected |= {a + b[1] + b[0] + b[2:] for a, b in ends if len(b) > 1}
    expected |= {f"{a} {b}" for a, b in ends if a and b}
    assert found <= expected
    assert {"fim", "iflm", "fi lm", "f" + HOMOGLYPHS["i"] + "lm", "filmx"} <= found
    assert all(words_of(one) for one in found)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"samples": 0}, "samples is 0; give an integer of at least 1"),
        ({"rounds": 0}, "rounds is 0"),
        ({"neighbours": 101}, "neighbours is 101; give an integer from 1 to 100"),
        ({"words_changed": 1.5}, "words_changed is 1.5; give a number from 0 to 1"),
        ({"typos": -0.1}, "typos is -0.1; give a number from 0 to 1"),
        ({"clean_epochs": -1}, "clean_epochs is -1"),
    ],
)
def test_numbers_out_of_range_are_refused(params, message):
    with pytest.raises(InputError, match=message):
        make_defense("discrete", params)
