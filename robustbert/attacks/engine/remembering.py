"""Remembering what TextAttack computes again and again.

For every candidate TextAttack splits every word of the text into words, twice. The function is
pure, so that its answers can be kept: outcomes stay the same, and a genetic search spends its time
elsewhere (``docs/performance.md``).

Import this module only after :func:`robustbert.assets.import_textattack`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

from textattack.shared import attacked_text

# Words and whole texts; a text of 100 words takes about 10 kB.
_KEPT = 2**15


def remembered(split: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """``split`` (``words_from_text``) with its last answers kept; every answer is a new list."""

    @lru_cache(maxsize=_KEPT)
    def kept(text: str) -> tuple[str, ...]:
        return tuple(split(text))

    def words_from_text(text: str, words_to_ignore: Sequence[str] = ()) -> list[str]:
        return split(text, words_to_ignore) if words_to_ignore else list(kept(text))

    return words_from_text


@contextmanager
def remembered_words() -> Iterator[None]:
    """TextAttack's texts remember how words are split, for as long as the block lasts."""
    split = attacked_text.words_from_text
    attacked_text.words_from_text = remembered(split)
    try:
        yield
    finally:
        attacked_text.words_from_text = split
