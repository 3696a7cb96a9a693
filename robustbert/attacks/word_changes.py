"""Words changed between two texts, and the stretches of text that hold the changes."""

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
    """A stretch of the original text and what became of it."""

    original: str
    changed: str


def changed_stretches(
    original: Sequence[str], changed: Sequence[str], least: int
) -> tuple[StretchPair, ...]:
    """The stretches of the original that differ in the changed text.

    The original is cut into as many stretches as it has times ``least`` words, of ``least`` to
    ``2 * least - 1`` words each (one, if it is shorter), as even as they can be.

    >>> changed_stretches("a b c d e".split(), "a b x d e".split(), 2)
    (StretchPair(original='c d e', changed='x d e'),)
    """
    pieces = max(1, len(original) // least)
    cuts = [place * len(original) // pieces for place in range(pieces + 1)]
    mapped = cuts if len(changed) == len(original) else _map_cuts(cuts, original, changed)
    pairs = []
    for place in range(pieces):
        before = original[cuts[place] : cuts[place + 1]]
        after = changed[mapped[place] : mapped[place + 1]]
        if before != after:
            pairs.append(StretchPair(" ".join(before), " ".join(after)))
    return tuple(pairs)


def _map_cuts(cuts: Sequence[int], original: Sequence[str], changed: Sequence[str]) -> list[int]:
    """Where cuts of the original fall in the changed text, by a shortest word alignment."""
    from rapidfuzz.distance import Levenshtein

    shift = [0] * (len(original) + 1)
    for operation in Levenshtein.editops(original, changed):
        if operation.tag == "insert" and operation.src_pos < len(original):
            shift[operation.src_pos + 1] += 1
        elif operation.tag == "delete":
            shift[operation.src_pos + 1] -= 1
    total = 0
    moved = []
    for place, change in enumerate(shift):
        total += change
        moved.append(place + total)
    return [0, *(moved[cut] for cut in cuts[1:-1]), len(changed)]
