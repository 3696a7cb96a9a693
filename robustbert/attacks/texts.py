"""Words changed between two texts, and the windows around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


def words_of(text: str) -> list[str]:
    """The words of ``text`` as TextAttack counts them (its ``words_from_text``)."""
    from textattack.shared.utils import words_from_text

    return list(words_from_text(text))


def count_words_changed(original: Sequence[str], changed: Sequence[str]) -> int:
    """The word-level Levenshtein distance: words replaced, inserted or removed.

    >>> count_words_changed(["a", "fine", "film"], ["a", "fi", "ne", "film"])
    2
    """
    from rapidfuzz.distance import Levenshtein

    return int(Levenshtein.distance(original, changed))


@dataclass(frozen=True)
class WindowPair:
    """The words around one change, in the original and in the changed text."""

    original: str
    changed: str


def window_around(words: Sequence[str], index: int, size: int) -> str:
    """The ``size`` words centred on ``index`` (fewer only where the text is shorter).

    >>> window_around("a b c d e".split(), 4, 3)
    'c d e'
    """
    start = max(0, min(index - size // 2, len(words) - size))
    return " ".join(words[start : start + size])


def changed_windows(
    original: Sequence[str], changed: Sequence[str], size: int
) -> tuple[WindowPair, ...]:
    """A pair of windows for each place where the words differ, without repeats.

    >>> changed_windows("a b c d".split(), "a b x d".split(), 3)
    (WindowPair(original='b c d', changed='b x d'),)
    """
    from rapidfuzz.distance import Levenshtein

    pairs = {}
    for operation in Levenshtein.editops(original, changed):
        before = min(operation.src_pos, len(original) - 1)
        after = min(operation.dest_pos, len(changed) - 1)
        pair = WindowPair(
            window_around(original, before, size), window_around(changed, after, size)
        )
        pairs[pair] = None
    return tuple(pairs)
