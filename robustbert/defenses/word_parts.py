"""The parts of a word that defenses read on their own."""

from __future__ import annotations

import re

_JOINT = re.compile(r"([-_*]|'s$)")


def word_parts(word: str) -> list[str]:
    """The parts of a word, each but the last followed by the hyphen or ``'s`` that ends it.

    >>> word_parts("well-made"), word_parts("film's"), word_parts("isn't")
    (['well', '-', 'made'], ['film', "'s", ''], ["isn't"])
    """
    return _JOINT.split(word)
