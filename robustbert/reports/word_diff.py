"""The changed words of an original text and its adversarial version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.data.words import words_of


@dataclass(frozen=True)
class Piece:
    """A part of a text: a word, or what stands between two words.

    Args:
        text: the part, as it is in the text.
        changed: whether the other text does not have it at this place.
    """

    text: str
    changed: bool


@dataclass(frozen=True)
class WordDiff:
    """Two texts divided into pieces; the pieces of each text joined are that text.

    Args:
        original: the pieces of the original text; the changed ones were replaced or removed.
        adversarial: the pieces of the adversarial text; the changed ones are new.
    """

    original: tuple[Piece, ...]
    adversarial: tuple[Piece, ...]


def word_diff(original: str, adversarial: str) -> WordDiff:
    """Find the words that differ between two texts.

    Words are those of :func:`robustbert.data.words.words_of`, aligned with the minimum number of
    edits, so that the alignment has as many edits as an outcome has ``words_changed``. What stands
    between two words is changed only if it differs although both words have a counterpart.

    >>> diff = word_diff("A fine film.", "A fi ne film.")
    >>> [piece.text for piece in diff.original if piece.changed]
    ['fine']
    >>> [piece.text for piece in diff.adversarial if piece.changed]
    ['fi', 'ne']
    """
    from rapidfuzz.distance import Levenshtein

    before, after = _Parts.of(original), _Parts.of(adversarial)
    changed_before, changed_after = set[int](), set[int]()
    aligned = [(-1, -1)]
    for block in Levenshtein.opcodes(before.words, after.words):
        sources, targets = (
            range(block.src_start, block.src_end),
            range(block.dest_start, block.dest_end),
        )
        if block.tag != "equal":
            changed_before.update(sources)
            changed_after.update(targets)
        aligned += zip(sources, targets, strict=False)  # an insertion or removal has no pairs
    aligned.append((len(before.words), len(after.words)))
    gaps_before, gaps_after = _differing_gaps(before.gaps, after.gaps, aligned)
    return WordDiff(
        before.pieces(changed_before, gaps_before), after.pieces(changed_after, gaps_after)
    )


@dataclass(frozen=True)
class _Parts:
    """A text as words and the gaps around them: one gap more than words, which may be empty."""

    words: Sequence[str]
    gaps: Sequence[str]

    @classmethod
    def of(cls, text: str) -> _Parts:
        words, gaps, end = words_of(text), [], 0
        for word in words:
            # A gap never contains the first character of a word, so the first match is the word.
            start = text.index(word, end)
            gaps.append(text[end:start])
            end = start + len(word)
        return cls(words, [*gaps, text[end:]])

    def pieces(self, changed_words: set[int], changed_gaps: set[int]) -> tuple[Piece, ...]:
        pieces = [Piece(self.gaps[0], 0 in changed_gaps)]
        for index, word in enumerate(self.words):
            pieces.append(Piece(word, index in changed_words))
            pieces.append(Piece(self.gaps[index + 1], index + 1 in changed_gaps))
        return tuple(piece for piece in pieces if piece.text)


def _differing_gaps(
    before: Sequence[str], after: Sequence[str], aligned: Sequence[tuple[int, int]]
) -> tuple[set[int], set[int]]:
    """The gaps that differ although the words on both sides have counterparts.

    Args:
        before: the gaps of the original; gap ``i`` precedes word ``i``.
        after: the gaps of the adversarial text.
        aligned: pairs of corresponding words in order, with the start (-1) and the end.
    """
    differing = [
        (source, target)
        for (source, target), (last_source, last_target) in zip(
            aligned[1:], aligned[:-1], strict=True
        )
        if source == last_source + 1
        and target == last_target + 1
        and before[source] != after[target]
    ]
    return {source for source, _ in differing}, {target for _, target in differing}
