"""Candidates that the victim undoes are left out, and others take their places."""

from __future__ import annotations

import copy
import pickle
import random
from collections import Counter

import numpy as np
import pytest

TEXT = "wonderful music and dreadful acting"


@pytest.fixture
def attacked_text(textattack):
    from textattack.shared import AttackedText

    return AttackedText(TEXT)


def seeded(transformation, text, seed: int = 0) -> list[str]:
    random.seed(seed)
    np.random.seed(seed)
    return [found.text for found in transformation(text)]


def without_vowels(texts):
    return ["".join(c for c in text if c not in "aeiou") for text in texts]


def edits():
    from textattack.transformations import (
        CompositeTransformation,
        WordSwapNeighboringCharacterSwap,
        WordSwapRandomCharacterDeletion,
    )

    parts = [WordSwapRandomCharacterDeletion(), WordSwapNeighboringCharacterSwap()]
    return CompositeTransformation(parts)


def test_without_undone_edits_nothing_changes(attacked_text):
    """The same texts from the same random numbers, which are left in the same state."""
    from robustbert.attacks.textattack.seen_edits import SeenEdits

    plain = seeded(edits(), attacked_text)
    after = random.random(), np.random.random()
    assert seeded(SeenEdits(edits(), list), attacked_text) == plain
    assert (random.random(), np.random.random()) == after


def test_random_edits_are_drawn_until_one_is_seen(attacked_text):
    from textattack.transformations import WordSwapRandomCharacterDeletion

    from robustbert.attacks.textattack.seen_edits import SeenEdits

    plain = WordSwapRandomCharacterDeletion()
    num_undone = 0
    for seed in range(5):
        [original] = without_vowels([TEXT])
        num_undone += without_vowels(seeded(plain, attacked_text, seed)).count(original)
        found = seeded(SeenEdits(plain, without_vowels), attacked_text, seed)
        assert len(found) == 5, "one per word, as the recipe has"
        assert original not in without_vowels(found)
        assert found == seeded(SeenEdits(plain, without_vowels), attacked_text, seed)
    assert num_undone > 0


def test_edits_that_are_always_undone_leave_no_candidate(attacked_text):
    from robustbert.attacks.textattack.seen_edits import SeenEdits

    def sorted_letters(texts):
        return [" ".join("".join(sorted(word)) for word in text.split()) for text in texts]

    found = seeded(SeenEdits(edits(), sorted_letters), attacked_text)
    lengths = Counter(len(TEXT) - len(text) for text in found)
    assert lengths == {1: 5}, "deletions only, no swaps"


def test_limited_candidates_are_filled_up_from_further_ones(attacked_text):
    from textattack.transformations.word_swaps import WordSwap

    from robustbert.attacks.textattack.seen_edits import SeenEdits

    class Numbered(WordSwap):
        """Candidates wx0, wx1, …, as many as the limit."""

        def __init__(self, most):
            super().__init__()
            self.max_candidates = most

        def _get_replacement_words(self, word):
            return [f"{word}x{number}" for number in range(self.max_candidates)]

    def even_undone(texts):
        return [
            " ".join(w.partition("x")[0] if w[-1] in "02468" else w for w in text.split())
            for text in texts
        ]

    transformation = Numbered(3)
    found = seeded(SeenEdits(transformation, even_undone), attacked_text)
    of_first = [text.split()[0] for text in found if text.split()[0] != "wonderful"]
    assert of_first == ["wonderfulx1", "wonderfulx3", "wonderfulx5"]
    assert len(found) == 3 * 5
    assert transformation.max_candidates == 3, "its limit is restored"


def test_indices_and_attributes_are_those_of_the_transformation(attacked_text):
    from robustbert.attacks.textattack.seen_edits import SeenEdits

    [whole] = edits().transformations[:1]
    wrapped = SeenEdits(whole, list)
    expected = whole(attacked_text, return_indices=True)
    assert wrapped(attacked_text, return_indices=True) == expected == {0, 1, 2, 3, 4}
    assert (wrapped.random_one, wrapped.deterministic) == (True, False)


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_it_can_be_copied_and_pickled(attacked_text, copied):
    from robustbert.attacks.textattack.seen_edits import SeenEdits

    wrapped = SeenEdits(edits(), without_vowels)
    other = copied(wrapped)
    assert seeded(other, attacked_text) == seeded(wrapped, attacked_text)
    assert not hasattr(other, "max_candidates")
