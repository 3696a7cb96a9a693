"""Remembering what TextAttack computes again and again.

For every candidate TextAttack splits the whole text into words, and each of its words again; and a
text joins its parts anew whenever it is looked at. These functions are pure, so that their answers
can be kept: outcomes stay the same, and searches spend their time elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain

from textattack.shared import attacked_text
from textattack.shared.attacked_text import AttackedText

# Words, and texts with Chinese characters.
_KEPT = 2**15

# TextAttack hands a text with one of these to jieba; any other it splits at white space first.
_CHINESE = re.compile("[\u4e00-\u9fff]")


def remembered(split: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """``split`` (``words_from_text``) with its last answers kept; every answer is a new list."""

    @lru_cache(maxsize=_KEPT)
    def kept(text: str) -> tuple[str, ...]:
        return tuple(split(text))

    def words_from_text(text: str, words_to_ignore: Sequence[str] = ()) -> list[str]:
        if words_to_ignore:
            return split(text, words_to_ignore)
        if _CHINESE.search(text):
            return list(kept(text))
        return list(chain.from_iterable(map(kept, text.split())))

    return words_from_text


def _text(self: AttackedText) -> str:
    try:
        found: str = self._robustbert_text
    except AttributeError:
        found = self._robustbert_text = _plain_text(self)
    return found


_plain_text: Callable[[AttackedText], str] = AttackedText.text.fget


@contextmanager
def remembered_words() -> Iterator[None]:
    """TextAttack's texts remember their words and themselves, for as long as the block lasts."""
    split, text = attacked_text.words_from_text, AttackedText.text
    attacked_text.words_from_text = remembered(split)
    AttackedText.text = property(_text)
    try:
        yield
    finally:
        attacked_text.words_from_text = split
        AttackedText.text = text
