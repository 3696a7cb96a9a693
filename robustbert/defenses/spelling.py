"""Which known word an unknown English word was meant to be.

It is the word c with the largest P(c) P(w | c), with w the word as written: the noisy channel of
Kernighan et al. 1990, "A Spelling Correction Program Based on a Noisy Channel Model". Known words
are those of symspellpy's dictionary and frequent words of wordfreq. The dictionary leaves out the
misspellings that wordfreq counts as words, wordfreq adds names. P(c) is from wordfreq, and
symspellpy finds the candidates.

P(w | c) takes all places of an edit for equally likely, and all letters: an edit that needs another
letter, an inserted or a substituted one, is 26 times less likely than a deletion or a swap of two
neighbouring letters.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from robustbert.defenses.look_alikes import readings
from robustbert.packages import package_file

#: log10 of the probability of a known word that wordfreq does not list; its rarest have -8.
UNLISTED = -9.0
#: log10 of the probability of an unlisted word that is not known: if it can be a typo, it is one.
UNKNOWN = -12.0
_NEW_LETTER = math.log10(26)
_CACHED = 100_000
_DICTIONARY = "symspellpy/frequency_dictionary_en_82_765.txt"
_BIGRAMS = "symspellpy/frequency_bigramdictionary_en_243_342.txt"
_FREQUENCIES = "wordfreq/data/large_en.msgpack.gz"


@dataclass(frozen=True)
class Candidate:
    """What an unknown word may have been meant to be.

    Args:
        word: a known word, or the word as written.
        score: log10 of its probability, up to a constant.
    """

    word: str
    score: float


class SpellingModel:
    """Known words and how often they occur.

    Words are in lower case. Probabilities are given as their log10.

    Args:
        known: the probability of each known word; none of them is ever corrected.
        other: that of other words, which are corrected where a typo is more likely.
        pairs: that of known words that stand side by side, as ``"first second"``.
        max_edits: the largest number of edits of a typo, 1 or 2.
        typo_rate: the share of words that are typos, above 0 and below 1.
    """

    def __init__(
        self,
        known: Mapping[str, float],
        other: Mapping[str, float] = MappingProxyType({}),
        pairs: Mapping[str, float] = MappingProxyType({}),
        *,
        max_edits: int = 1,
        typo_rate: float = 0.1,
    ) -> None:
        from symspellpy import SymSpell

        self.known, self.other, self.pairs = known, other, pairs
        self._typo = math.log10(typo_rate / (1 - typo_rate))
        self._index = SymSpell(max_dictionary_edit_distance=max_edits)
        for word in filter(_is_english, known):
            self._index.create_dictionary_entry(word, 1)
        self._cached_candidates = lru_cache(maxsize=_CACHED)(self._find_candidates)

    def is_known(self, word: str) -> bool:
        """Whether a word is never corrected."""
        return word in self.known

    def candidates(self, word: str) -> tuple[Candidate, ...]:
        """What an unknown word may be, most likely first; at least the word as written.

        A word with accents, or with digits or signs for letters, is the known word that it reads
        as, if there is one.
        """
        return self._cached_candidates(word)

    def association(self, first: str, second: str) -> float:
        """How many times as often two words stand side by side as chance would have it, as log10.

        Pairs that are not listed are taken for pairs by chance: 0.
        """
        together = self.pairs.get(f"{first} {second}")
        if together is None:
            return 0.0
        return max(0.0, together - self._frequency(first) - self._frequency(second))

    def join_gain(self, first: str, second: str) -> float:
        """How many times as often two words occur joined as side by side, as log10.

        It is -inf if the joined word is not known.
        """
        joined = self.known.get(first + second)
        if joined is None:
            return -math.inf
        side_by_side = self._frequency(first) + self._frequency(second)
        return joined - max(side_by_side, self.pairs.get(f"{first} {second}", -math.inf))

    def _frequency(self, word: str) -> float:
        found = self.known.get(word)
        return self.other.get(word, UNKNOWN) if found is None else found

    def _find_candidates(self, word: str) -> tuple[Candidate, ...]:
        seen = [reading for reading in readings(word) if reading in self.known]
        if seen:
            best = max(seen, key=lambda reading: (self.known[reading], reading))
            return (Candidate(best, 0.0),)
        own = Candidate(word, self.other.get(word, UNKNOWN))
        if len(word) < 2 or not _is_english(word):
            return (own,)
        found = [
            Candidate(near, self._typo + self.known[near] + log_channel(word, near, distance))
            for near, distance in self._near(word)
        ]
        return tuple(sorted([own, *found], key=lambda one: (-one.score, one.word)))

    def _near(self, word: str) -> list[tuple[str, int]]:
        from symspellpy import Verbosity

        return [(item.term, item.distance) for item in self._index.lookup(word, Verbosity.ALL)]


def _is_english(word: str) -> bool:
    return word.isascii() and word.replace("'", "").isalpha()


def log_channel(typo: str, word: str, edits: int) -> float:
    """log10 of the probability that edits of a word give the typo.

    >>> [round(log_channel(typo, "film", 1), 2) for typo in ("fil", "flim", "filk", "fidlm")]
    [-0.6, -0.6, -2.02, -2.02]

    Args:
        typo: what is written.
        word: what was meant.
        edits: how many letters were deleted, inserted, replaced, or swapped with the next.
    """
    new_letters = (Counter(typo) - Counter(word)).total()
    return -edits * math.log10(len(word)) - new_letters * _NEW_LETTER


@lru_cache(maxsize=2)
def load_spelling_model(min_zipf: float, max_edits: int, typo_rate: float) -> SpellingModel:
    """The model of English words; kept in memory for the same arguments.

    Args:
        min_zipf: how frequent a word outside symspellpy's dictionary must be to be known: on the
            Zipf scale, the log10 of occurrences per billion words.
        max_edits: see :class:`SpellingModel`.
        typo_rate: see :class:`SpellingModel`.

    Raises:
        MissingAssetError: a file of symspellpy or wordfreq is missing.
    """
    files = _files()
    from symspellpy import SymSpell
    from wordfreq import get_frequency_dict

    lines = files["symspellpy-words"].read_text(encoding="utf-8-sig").splitlines()
    counts = SymSpell(max_dictionary_edit_distance=0)
    counts.load_bigram_dictionary(files["symspellpy-pairs"], 0, 2, encoding="utf-8-sig")
    listed = {word: math.log10(p) for word, p in get_frequency_dict("en", "large").items()}
    known = {word: listed.get(word, UNLISTED) for word in (line.split()[0] for line in lines)}
    known |= {word: p for word, p in listed.items() if p + 9 >= min_zipf}
    pairs = {pair: math.log10(count / SymSpell.N) for pair, count in counts.bigrams.items()}
    return SpellingModel(known, listed, pairs, max_edits=max_edits, typo_rate=typo_rate)


def spelling_assets() -> dict[str, str]:
    """The SHA-256 of each file that :func:`load_spelling_model` reads, by name.

    Raises:
        MissingAssetError: one is missing.
    """
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in _files().items()}


def frequency_asset() -> dict[str, str]:
    """The SHA-256 of wordfreq's English frequencies, under their name in :func:`spelling_assets`.

    Raises:
        MissingAssetError: the file is missing.
    """
    path = package_file("wordfreq", _FREQUENCIES)
    return {"wordfreq": hashlib.sha256(path.read_bytes()).hexdigest()}


def _files() -> dict[str, Path]:
    return {
        "symspellpy-words": package_file("symspellpy", _DICTIONARY),
        "symspellpy-pairs": package_file("symspellpy", _BIGRAMS),
        "wordfreq": package_file("wordfreq", _FREQUENCIES),
    }
