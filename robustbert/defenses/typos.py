"""Random typos of a word: the edits of characters that DeepWordBug and TextBugger try.

A letter is replaced by a random one, deleted or inserted, two neighbouring letters are swapped, a
character is replaced by a look-alike, or a space is inserted.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable

from robustbert.data.words import HOMOGLYPHS

#: Shorter words stay as they are.
SHORTEST = 3


def random_typo(word: str, generator: random.Random) -> str:
    """Make one random typo; the result may equal the word, as when equal letters are swapped.

    Each kind of typo is equally likely, and so is each place within the word.

    Args:
        word: a word of at least :data:`SHORTEST` characters.
        generator: the source of randomness.
    """
    return generator.choice(_KINDS)(word, generator)


def _substitute(word: str, generator: random.Random) -> str:
    at = generator.randrange(len(word))
    return word[:at] + generator.choice(string.ascii_lowercase) + word[at + 1 :]


def _delete(word: str, generator: random.Random) -> str:
    at = generator.randrange(len(word))
    return word[:at] + word[at + 1 :]


def _insert(word: str, generator: random.Random) -> str:
    at = generator.randrange(len(word) + 1)
    return word[:at] + generator.choice(string.ascii_lowercase) + word[at:]


def _swap(word: str, generator: random.Random) -> str:
    at = generator.randrange(len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _look_alike(word: str, generator: random.Random) -> str:
    places = [at for at, character in enumerate(word) if character in HOMOGLYPHS]
    if not places:
        return _substitute(word, generator)
    at = generator.choice(places)
    return word[:at] + HOMOGLYPHS[word[at]] + word[at + 1 :]


def _split(word: str, generator: random.Random) -> str:
    at = generator.randrange(1, len(word))
    return f"{word[:at]} {word[at:]}"


_KINDS: tuple[Callable[[str, random.Random], str], ...] = (
    _substitute,
    _delete,
    _insert,
    _swap,
    _look_alike,
    _split,
)
