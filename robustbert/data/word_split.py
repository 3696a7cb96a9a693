"""A text as words and the characters between them, for replacing words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.data.words import INNER_CHARACTERS, WORD


@dataclass(frozen=True)
class WordSplit:
    """A text as words and gaps; the words are those of :func:`robustbert.data.words.words_of`.

    A run of Chinese characters is a single word here.

    Args:
        words: the words, in order.
        gaps: what is before, between and after them, one more than there are words.

    >>> split = WordSplit.of("It's a well-made film.")
    >>> split.words
    ("It's", 'a', 'well-made', 'film')
    >>> split.with_words(["It's", "a", "fine", "movie"])
    "It's a fine movie."
    """

    words: tuple[str, ...]
    gaps: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> WordSplit:
        """Split a text."""
        words, gaps, end = [], [], 0
        for match in WORD.finditer(text):
            found = match.group()
            word = found.strip(INNER_CHARACTERS)
            if word:
                start = match.start() + found.index(word)
                words.append(word)
                gaps.append(text[end:start])
                end = start + len(word)
        return cls(tuple(words), (*gaps, text[end:]))

    def with_words(self, words: Sequence[str]) -> str:
        """The text with other words, as many as it has."""
        pairs = zip(self.gaps, (*words, ""), strict=True)
        return "".join(part for pair in pairs for part in pair)
