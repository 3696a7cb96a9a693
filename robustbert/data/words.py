"""The definition of a word, for selecting examples, for limits and for reports."""

from __future__ import annotations

import re
from itertools import chain
from types import MappingProxyType

#: Look-alike characters (Unicode confusables), paired as in TextAttack 0.3.11.
HOMOGLYPHS = MappingProxyType(
    dict(
        zip(
            "-9876543210'abcdefghijklmnopqrstuvwxyz",
            "\u02d7\u09ed\u0222\U0001d7d5\u0431\u01bc\u13ce\u01b7\u14bflO`"
            "\u0251\u042c\u03f2\u0501\u0435\U0001d68f\u0261\u0570\u0456\u03f3\U0001d48c\u217c\uff4d"
            "\u0578\u043e\u0440\u051b\u2c85\u0455\U0001d69d\u057d\u0475\u051d\u00d7\u0443\u1d22",
            strict=True,
        )
    )
)

INNER_CHARACTERS = "'-_*@"  # part of a word, except at its ends
WORD = re.compile("[" + re.escape("".join(HOMOGLYPHS.values()) + INNER_CHARACTERS) + r"\w]+")
_CHINESE = re.compile("[\u4e00-\u9fff]")


def words_of(text: str) -> list[str]:
    """Split a text into words exactly as TextAttack 0.3.11 does (its ``words_from_text``).

    A word is a run of letters, digits, homoglyphs and the characters ``'-_*@``; these five are
    stripped from its ends. Case is kept. A text with Chinese characters is segmented by jieba.

    >>> words_of("It's a well-made film, 'truly' fine.")
    ["It's", 'a', 'well-made', 'film', 'truly', 'fine']
    """
    if _CHINESE.search(text):
        text = " ".join(_segment(text))
    pieces = (WORD.findall(piece.strip(INNER_CHARACTERS)) for piece in text.split())
    words = (word.strip(INNER_CHARACTERS) for word in chain.from_iterable(pieces))
    return [word for word in words if word]


def _segment(text: str) -> list[str]:
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)  # it reports on standard error that it loads its dictionary
    return list(jieba.cut(text, cut_all=False))
