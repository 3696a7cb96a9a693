"""Words changed between two texts, and the stretches of text that contain the changes.

A *stretch* is a segment of a text: consecutive words, at least ``min_words`` of them unless the
text is shorter. Sentence similarities are measured per stretch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


def count_words_changed(original: Sequence[str], changed: Sequence[str]) -> int:
    """The word-level Levenshtein distance: words replaced, inserted or removed.

    >>> count_words_changed(["a", "fine", "film"], ["a", "fi", "ne", "film"])
    2
    """
    from rapidfuzz.distance import Levenshtein

    return int(Levenshtein.distance(original, changed))


@dataclass(frozen=True)
class StretchPair:
    """A stretch of the original text and the corresponding stretch of the changed text."""

    original: str
    changed: str


def changed_stretches(
    original: Sequence[str], changed: Sequence[str], min_words: int
) -> tuple[StretchPair, ...]:
    """The stretches of the original that differ in the changed text.

    The original is split as evenly as possible into ``len(original) // min_words`` stretches of
    ``min_words`` to ``2 * min_words - 1`` words. A text of fewer than ``min_words`` words is one
    stretch.

    Args:
        original: the words of the original text.
        changed: the words of the changed text.
        min_words: minimum number of words in a stretch, at least 1.

    >>> changed_stretches("a b c d e".split(), "a b x d e".split(), 2)
    (StretchPair(original='c d e', changed='x d e'),)
    """
    count = max(1, len(original) // min_words)
    boundaries = [index * len(original) // count for index in range(count + 1)]
    mapped = (
        boundaries
        if len(changed) == len(original)
        else _map_boundaries(boundaries, original, changed)
    )
    pairs = []
    for index in range(count):
        before = original[boundaries[index] : boundaries[index + 1]]
        after = changed[mapped[index] : mapped[index + 1]]
        if before != after:
            pairs.append(StretchPair(" ".join(before), " ".join(after)))
    return tuple(pairs)


def _map_boundaries(
    boundaries: Sequence[int], original: Sequence[str], changed: Sequence[str]
) -> list[int]:
    """Map stretch boundaries of the original to the changed text, by a minimum-edit alignment."""
    from rapidfuzz.distance import Levenshtein

    shift = [0] * (len(original) + 1)
    for operation in Levenshtein.editops(original, changed):
        if operation.tag == "insert" and operation.src_pos < len(original):
            shift[operation.src_pos + 1] += 1
        elif operation.tag == "delete":
            shift[operation.src_pos + 1] -= 1
    total = 0
    moved = []
    for index, change in enumerate(shift):
        total += change
        moved.append(index + total)
    return [0, *(moved[boundary] for boundary in boundaries[1:-1]), len(changed)]
