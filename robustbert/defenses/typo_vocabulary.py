"""The words that :mod:`robustbert.defenses.robust_encoding` knows, after wordfreq.

Words of the letters a to z get codes. Other words of the list, which have apostrophes or digits
("isn't", "1st"), stay as they are. Some lose their apostrophe often enough to be on the list
without it too ("isnt"): such a spelling is no word of its own if the word is ten times as frequent.
That leaves "its" and "were", and most others that are words, but "cant" is read as "can't". A typo
of another word that is such a spelling is taken for the spelling: "hes" is "he's", not "his".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

#: How many times as frequent as its spelling without an apostrophe a word must be.
_MORE_FREQUENT = 10


@dataclass(frozen=True)
class TypoVocabulary:
    """Known words.

    Args:
        words: those of the letters a to z, in descending frequency.
        frequencies: how often each of them occurs, as a share of all words.
        others: words of letters with digits or apostrophes, all in ASCII, and spellings of them
            without apostrophes, with the word that each stands for.
    """

    words: tuple[str, ...]
    frequencies: tuple[float, ...]
    others: Mapping[str, str]


@lru_cache(maxsize=4)
def typo_vocabulary(count: int) -> TypoVocabulary:
    """The most frequent English words.

    Args:
        count: the number of words of the letters a to z, spellings without apostrophes included;
            other words are known if they are as frequent as the last of these.

    Raises:
        MissingAssetError: ``wordfreq``'s list is too short.
    """
    from wordfreq import get_frequency_dict

    from robustbert.assets.word_embeddings import frequent_words

    frequencies = get_frequency_dict("en")
    listed = frequent_words(count)
    least = frequencies[listed[-1]]
    others = {
        word: word
        for word, frequency in frequencies.items()
        if frequency >= least and _is_other(word)
    }
    for word in sorted(others, key=lambda word: (-frequencies[word], word)):
        bare = word.replace("'", "")
        if bare.isalpha() and frequencies[word] >= _MORE_FREQUENT * frequencies.get(bare, 0.0):
            others.setdefault(bare, word)
    words = tuple(word for word in listed if word not in others)
    return TypoVocabulary(
        words, tuple(frequencies[word] for word in words), MappingProxyType(others)
    )


def _is_other(word: str) -> bool:
    return word.isascii() and not word.isalpha() and word.replace("'", "").isalnum()
