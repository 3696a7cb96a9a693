"""The changed words of two texts, against the words and the number of changes of an outcome."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.attacks.word_changes import count_words_changed
from robustbert.data.words import words_of
from robustbert.reports.word_diff import Piece, word_diff

texts = st.one_of(
    st.text(st.sampled_from("ab-'_*@. ,é`\u02d7\n"), max_size=30),
    st.text(st.characters(exclude_categories=[]), max_size=20),
)


def changed(pieces: tuple[Piece, ...]) -> list[str]:
    return [piece.text for piece in pieces if piece.changed]


@given(texts, texts)
def test_the_pieces_of_a_text_joined_are_the_text(original: str, adversarial: str) -> None:
    diff = word_diff(original, adversarial)
    assert "".join(piece.text for piece in diff.original) == original
    assert "".join(piece.text for piece in diff.adversarial) == adversarial
    assert all(piece.text for piece in diff.original + diff.adversarial)


@given(texts, texts)
def test_a_difference_is_never_hidden(original: str, adversarial: str) -> None:
    diff = word_diff(original, adversarial)
    assert bool(changed(diff.original) + changed(diff.adversarial)) == (original != adversarial)


@given(texts, texts)
def test_unchanged_words_are_the_same_in_both_texts(original: str, adversarial: str) -> None:
    """What stays is a common subsequence, and what changes is what ``words_changed`` counts."""
    diff, before, after = (
        word_diff(original, adversarial),
        words_of(original),
        words_of(adversarial),
    )
    kept = [
        [piece.text for piece in pieces if not piece.changed and words_of(piece.text)]
        for pieces in (diff.original, diff.adversarial)
    ]
    assert kept[0] == kept[1]
    removed, added = len(before) - len(kept[0]), len(after) - len(kept[1])
    assert max(removed, added) <= count_words_changed(before, after) <= removed + added


@pytest.mark.parametrize(
    ("original", "adversarial", "removed", "added"),
    [
        ("A fine film.", "A poor film.", ["fine"], ["poor"]),  # replaced
        ("A fine film.", "A fi ne film.", ["fine"], ["fi", "ne"]),  # split
        ("A film.", "A truly fine film.", [], ["truly", "fine"]),  # inserted
        ("A truly fine film.", "A film.", ["truly", "fine"], []),  # removed
        ("It's fine, fine!", "It's fine, f1ne!", ["fine"], ["f1ne"]),  # the second of two
        ("a well-made film", "a well made film", ["well-made"], ["well", "made"]),
        ("a film.", "a film!", ["."], ["!"]),  # punctuation alone
        ("a  film", "a film", ["  "], [" "]),
        ("same", "same", [], []),
        ("", "new", [], ["new"]),
        ("...", "", ["..."], []),
        ("这是一部好电影", "这是一部坏电影", ["好"], ["坏"]),  # segmented by jieba
    ],
)
def test_changed_words(
    original: str, adversarial: str, removed: list[str], added: list[str]
) -> None:
    diff = word_diff(original, adversarial)
    assert changed(diff.original) == removed
    assert changed(diff.adversarial) == added
