"""The pooled sentence-similarity constraint where TextAttack's own fails, and final checks."""

from __future__ import annotations

import numpy as np
import pytest

from robustbert.attacks.scheduler.clients import PooledEncoder
from robustbert.attacks.scheduler.pool import Pool


@pytest.fixture
def constraint(textattack):
    from robustbert.attacks.textattack.constraints import PooledSentenceEncoder

    encoded: list[str] = []

    def encode(texts):
        encoded.extend(texts)
        angles = [text.count("bad") * np.pi / 4 for text in texts]
        return np.array([[np.cos(a), np.sin(a)] for a in angles], dtype=np.float32)

    encoder = PooledEncoder(Pool(lanes=1), embed=encode, exact=encode, uncached=encode)
    made = PooledSentenceEncoder(
        encoder, 0.84, "angular", compare_against_original=False, window_size=3
    )
    made.encoded = encoded
    return made


def test_a_single_text_is_checked_like_a_list(constraint):
    """A genetic search checks crossover offspring one text at a time."""
    from textattack.shared import AttackedText

    before = AttackedText("a good film with good actors")
    changed = before.replace_word_at_index(1, "bad")
    changed.attack_attrs["last_transformation"] = None
    assert not constraint(changed, before)
    assert changed.attack_attrs["similarity_score"] == pytest.approx(0.75)
    assert list(constraint.call_many([changed], before)) == []


def test_crossover_of_equal_parents_is_not_compared(constraint):
    from textattack.shared import AttackedText

    before = AttackedText("a good film with good actors")
    child = before.replace_words_at_indices([1, 2], ["good", "film"])
    child.attack_attrs["last_transformation"] = None
    assert child.attack_attrs["newly_modified_indices"] == set()
    assert constraint(child, before)
    assert constraint.encoded == []


def test_encoders_run_after_cheaper_constraints_and_nothing_else_moves(constraint):
    from textattack.constraints.grammaticality import PartOfSpeech
    from textattack.constraints.overlap import MaxWordsPerturbed
    from textattack.shared import AttackedText

    from robustbert.attacks.textattack.constraints import WordsChangedLimit, encoders_last

    tagged = PartOfSpeech(tagger_type="nltk")
    given = [MaxWordsPerturbed(max_num_words=2), constraint, WordsChangedLimit(0), tagged]
    assert encoders_last(given) == [given[0], given[2], tagged, constraint]

    before = AttackedText("a good film with good actors")
    changed = before.replace_word_at_index(1, "bad")
    changed.attack_attrs["last_transformation"] = None
    passing = [changed]
    for one in encoders_last(given):
        passing = passing and list(one.call_many(passing, before))
    assert passing == []
    assert constraint.encoded == [], "a text that another constraint rejects is not encoded"


def test_only_measurable_constraints_are_checked_on_final_texts(textattack, constraint):
    from textattack.constraints.overlap import MaxWordsPerturbed

    from robustbert.attacks.textattack.constraints import (
        WordsChangedLimit,
        satisfies_text_constraints,
    )

    original, adversarial = "a good film with good actors", "a bad film with bad actors"
    assert satisfies_text_constraints([], original, adversarial)
    assert satisfies_text_constraints([constraint], original, adversarial)
    assert constraint.encoded == []
    assert satisfies_text_constraints([WordsChangedLimit(2)], original, adversarial)
    assert not satisfies_text_constraints([constraint, WordsChangedLimit(1)], original, adversarial)
    assert satisfies_text_constraints([MaxWordsPerturbed(max_num_words=2)], original, original)
