"""Letters in place of characters that look like them."""

from __future__ import annotations

import unicodedata
from itertools import product

from robustbert.data.words import HOMOGLYPHS

#: The letters that a digit or sign may stand for.
_SIGNS = {"0": "o", "1": "li", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a"}
#: The character for each look-alike of TextAttack, in lower case too; those that are letters of a
#: to z themselves, such as the O for 0, are left out.
_LOOK_ALIKES = str.maketrans(
    {
        written: character
        for character, look in HOMOGLYPHS.items()
        if not look.encode().isalnum()
        for written in (look.lower(), look)
    }
)


def plain_letters(word: str) -> str:
    """The word with plain characters in place of look-alikes from other scripts.

    At least half of the word must be letters of a to z: words of another script stay as they are.

    >>> plain_letters("f\u0456lm"), plain_letters("don`t"), plain_letters("caf\u00e9")
    ('film', "don't", 'café')
    >>> plain_letters("\u043c\u0438\u0440")
    'мир'
    """
    if (word.isascii() and "`" not in word) or 2 * _count_letters(word) < len(word):
        return word
    return unicodedata.normalize("NFKC", word.translate(_LOOK_ALIKES))


def readings(word: str) -> tuple[str, ...]:
    """What a word may read: letters without accents, and letters for digits and signs.

    More than half of it must be letters of a to z, and the ambiguous 1 may occur twice.

    >>> readings("f1lm"), readings("f\u00edlm"), readings("film"), readings("90s")
    (('fllm', 'film'), ('film',), (), ())
    """
    if 2 * _count_letters(word) <= len(word) - word.count("'") or word.count("1") > 2:
        return ()
    decomposed = unicodedata.normalize("NFKD", word)
    base = "".join(c for c in decomposed if not unicodedata.combining(c))
    found = ("".join(letters) for letters in product(*(_SIGNS.get(c, c) for c in base)))
    return tuple(reading for reading in found if reading != word)


def _count_letters(word: str) -> int:
    return sum(character.isascii() and character.isalpha() for character in word)
