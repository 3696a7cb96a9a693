"""Robust encoding: replace each word, and each typo of a word, by the code of its cluster.

Jones et al. 2020, "Robust Encodings: A Framework for Combating Adversarial Typos". Words that
single typos can confuse share a code. A typo gets the code of the most frequent word that has it.
So most typos leave the encoded text as it is, and a classifier trained on encoded texts does not
see them. The clusters are all words that confusions connect ("connected"), or fewer of them at a
time, in a trade-off of fidelity and stability ("agglomerative"), see
:mod:`robustbert.defenses.typo_clusters`. The code is the most frequent word of the cluster.

The clusters are those of the authors' code (ejones313/roben): agglomerative with gamma 0.3
(``README.md``), of typos that leave the first and the last letter as they are
(``edit_dist_utils.py``); all typos together connect most words.

Differences: their vocabulary is the 100,000 most frequent words of the COCA corpus that GloVe has
(``construct_clusters.py``), here it is wordfreq's words. There the mask token replaces words that
are neither known nor typos (``recoverer.py``). Here they get the code of the most frequent word of
which they are a typo of the first or last letter, or else stay as they are. Merges are tried for a
word and one that its typos are taken for, there for all words that share a typo.

In both, typos have no other new characters than the letters a to z (``edit_dist_utils.py``), so
"isn't" is no typo of "isnt". Their tokens are what is between spaces, so that a contraction or
hyphenated word outside the vocabulary is masked. Here words with apostrophes or digits stay, if
they are on wordfreq's list, see :mod:`robustbert.defenses.typo_vocabulary`, and so do hyphenated
words and possessives of known words. Their typos become the words that they are read as. Other
words with digits or accents stay, unless a known word has letters in their place.

With ``neighbours`` above 0, clusters of synonyms get one code too, which the paper does not do:
clusters take the place of words in the algorithm of :mod:`robustbert.defenses.synonym_encoding`.
The synonyms of a cluster are the clusters of its words' neighbours.
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Literal

from robustbert.assets import load_word_vectors
from robustbert.defenses.embedding_defense import source_hashes
from robustbert.defenses.look_alikes import plain_letters, readings
from robustbert.defenses.synonym_encoding import (
    check_neighbours,
    common_words,
    encode_synonyms,
    near_words,
)
from robustbert.defenses.text_encoding import TextEncoding
from robustbert.defenses.typo_vocabulary import typo_vocabulary
from robustbert.defenses.word_parts import word_parts
from robustbert.errors import InputError
from robustbert.validation import check_at_least

#: The largest vocabulary.
MOST_WORDS = 50_000
_CACHED = 100_000
_LETTERS = string.ascii_lowercase + "'"


@dataclass(frozen=True)
class RobustEncoding(TextEncoding):
    """Robust encoding in training and at inference.

    Args:
        clusters: ``agglomerative`` or ``connected``.
        gamma: the weight of fidelity against stability for agglomerative clusters, 0 to 1; the
            larger, the more clusters.
        vocabulary: the number of known words, the most frequent of English, 1 to 50,000.
        neighbours: the largest number of synonyms of a cluster, 0 to 100; with 0 only words that
            typos confuse share a code.
        min_cosine: the smallest cosine similarity of a word and its synonym in the word vectors,
            -1 to 1.

    Raises:
        InputError: a number is out of range, or there are no such clusters.
    """

    paper: ClassVar[str] = "Jones et al. 2020"
    assets: ClassVar[tuple[str, ...]] = ("word-vectors", "stopwords")

    clusters: Literal["agglomerative", "connected"] = "agglomerative"
    gamma: float = 0.3
    vocabulary: int = 30_000
    neighbours: int = 0
    min_cosine: float = 0.7

    def __post_init__(self) -> None:
        if self.clusters not in ("agglomerative", "connected"):
            raise InputError(f"clusters is {self.clusters!r}; give agglomerative or connected")
        if not 0 <= self.gamma <= 1:
            raise InputError(f"gamma is {self.gamma!r}; give a number from 0 to 1")
        check_at_least(1, vocabulary=self.vocabulary)
        if self.vocabulary > MOST_WORDS:
            raise InputError(f"vocabulary is {self.vocabulary}; give at most {MOST_WORDS}")
        check_at_least(0, neighbours=self.neighbours)
        check_neighbours(self.neighbours or 1, self.min_cosine)

    def dependencies(self) -> dict[str, Any]:
        """What encodings share, and the modules and frequencies that clusters are made from.

        Raises:
            MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
        """
        modules = source_hashes(
            "typo_clusters", "typo_vocabulary", "word_parts", "synonym_encoding", "look_alikes"
        )
        return {**super().dependencies(), **modules}

    def wrapper_assets(self) -> dict[str, str]:
        """The hashes of wordfreq's frequencies, and of the assets of synonyms if there are any.

        Raises:
            MissingAssetError: as in :func:`robustbert.assets.ensure_assets`, or the file of
                wordfreq is missing.
        """
        from robustbert.defenses.spelling import frequency_asset

        return {**frequency_asset(), **(super().wrapper_assets() if self.neighbours else {})}

    def encoder(self) -> Callable[[str], str]:
        """See :meth:`TextEncoding.encoder`."""
        known = word_codes(self.clusters, self.gamma, self.vocabulary)
        if self.neighbours:
            near = near_words(load_word_vectors(), self.neighbours, self.min_cosine)
            merged = encode_clusters(known, near, self.neighbours)
            known = {word: merged[code] for word, code in known.items()}
        return TypoEncoder({**known, **typo_vocabulary(self.vocabulary).others})


class TypoEncoder:
    """Gives the code of a known word, or of the first known word that has a typo.

    Only if there is none, typos of the first and the last letter count too. Words with hyphens, or
    with ``'s`` at the end, stay if their parts are known; an unknown part becomes the word that it
    is read as.

    Args:
        codes: the code of each known word, the first choice for a typo first: by frequency, words
            of the letters a to z before others.
    """

    def __init__(self, codes: Mapping[str, str]) -> None:
        self._codes = codes
        self._rank = {word: rank for rank, word in enumerate(codes)}
        self._longest = max(map(len, codes), default=0)
        self._cached = lru_cache(maxsize=_CACHED)(self._find)
        self._meant = lru_cache(maxsize=_CACHED)(self._find_meant)

    def __call__(self, word: str) -> str:
        """The code of a word in lower case."""
        return self._codes.get(word) or self._cached(word)

    def _find(self, word: str) -> str:
        plain = plain_letters(word)
        if plain in self._codes:
            return self._codes[plain]
        # in ASCII only, as mending changes the length, on which plain letters depend elsewhere
        parts = word_parts(plain) if plain.isascii() else [plain]
        if len(parts) > 1 and all(not part or part in self._codes for part in parts[::2]):
            return plain
        meant = self._meant(plain)
        if meant is not None:
            return self._codes[meant]
        if len(parts) == 1:
            return word
        parts[::2] = [
            part if part in self._codes else self._meant(part) or part for part in parts[::2]
        ]
        return "".join(parts)

    def _find_meant(self, word: str) -> str | None:
        """The known word that an unknown word is read as; None if there is none."""
        from robustbert.defenses.typo_clusters import edits

        if not word or word[0].isdigit() or len(word) > self._longest + 1:
            return None
        found = [reading for reading in readings(word) if reading in self._codes]
        if not found and _is_spelled(word):
            for inner in (True, False):
                # A typo of a word has the word among its own typos, if these add apostrophes too,
                # which typos of words only lose.
                near = edits(word, inner=inner, letters=_LETTERS)
                found = [other for other in near if other in self._codes]
                found = [other for other in found if other.count("'") >= word.count("'")]
                if found:
                    break
        return min(found, key=self._rank.__getitem__, default=None)


def _is_spelled(word: str) -> bool:
    return word.isascii() and word.replace("'", "").isalpha()


def representatives(words: Sequence[str], clusters: Iterable[int]) -> dict[str, str]:
    """The first word of each word's cluster.

    >>> representatives(["the", "at", "then", "ate"], [0, 1, 0, 1])
    {'the': 'the', 'at': 'at', 'then': 'the', 'ate': 'at'}
    """
    first: dict[int, str] = {}
    return {
        word: first.setdefault(cluster, word) for word, cluster in zip(words, clusters, strict=True)
    }


def encode_clusters(
    codes: Mapping[str, str], near: Mapping[str, Mapping[str, float]], count: int
) -> dict[str, str]:
    """The code of each cluster once clusters of synonyms have been merged.

    Args:
        codes: the code of each word, the most frequent word first.
        near: the neighbours of some words, with their cosine similarities.
        count: the largest number of synonyms of a cluster, which are the nearest.
    """
    similar: dict[str, dict[str, float]] = {code: {} for code in codes.values()}
    for word in near.keys() & codes.keys():
        own = codes[word]
        for other in near[word].keys() & codes.keys():
            code, cosine = codes[other], near[word][other]
            if code != own:
                similar[own][code] = max(cosine, similar[own].get(code, -math.inf))
    order = {
        code: sorted(found, key=lambda other: (-found[other], other))[:count]
        for code, found in similar.items()
    }
    return encode_synonyms(similar, order.__getitem__, common_words(list(similar)))


@lru_cache(maxsize=4)
def word_codes(clusters: str, gamma: float, vocabulary: int) -> Mapping[str, str]:
    """The code of each known word of the letters a to z, in descending frequency.

    Args:
        clusters: see :class:`RobustEncoding`.
        gamma: see :class:`RobustEncoding`.
        vocabulary: see :class:`RobustEncoding`.
    """
    from robustbert.defenses.typo_clusters import (
        agglomerative_clusters,
        confusions,
        connected_clusters,
    )

    known = typo_vocabulary(vocabulary)
    pairs = confusions(known.words, inner=True)
    if clusters == "connected":
        found = connected_clusters(pairs, len(known.words))
    else:
        found = agglomerative_clusters(pairs, known.frequencies, gamma)
    return representatives(known.words, found.tolist())
