"""The pooled sentence-similarity constraint where TextAttack's own would not work."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def constraint(textattack):
    from robustbert.attacks.textattack.constraints import PooledSentenceEncoder

    asked: list[str] = []

    def ask(server: str, texts):
        asked.extend(texts)
        angles = [text.count("bad") * np.pi / 4 for text in texts]
        return [np.array([np.cos(a), np.sin(a)], dtype=np.float32) for a in angles]

    made = PooledSentenceEncoder(
        ask, 0.84, "angular", compare_against_original=False, window_size=3
    )
    made.asked = asked
    return made


def test_one_text_is_checked_as_many_are(constraint):
    """A genetic search checks a child of two parents by itself."""
    from textattack.shared import AttackedText

    before = AttackedText("a good film with good actors")
    changed = before.replace_word_at_index(1, "bad")
    changed.attack_attrs["last_transformation"] = None
    assert not constraint(changed, before)
    assert changed.attack_attrs["similarity_score"] == pytest.approx(0.75)
    assert list(constraint.call_many([changed], before)) == []


def test_a_child_of_two_equal_parents_is_not_compared(constraint):
    from textattack.shared import AttackedText

    before = AttackedText("a good film with good actors")
    child = before.replace_words_at_indices([1, 2], ["good", "film"])
    child.attack_attrs["last_transformation"] = None
    assert child.attack_attrs["newly_modified_indices"] == set()
    assert constraint(child, before)
    assert constraint.asked == []
