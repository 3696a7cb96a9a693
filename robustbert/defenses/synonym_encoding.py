"""Synonym encoding: replace each word by the code of its cluster of synonyms.

Wang et al. 2021, "Natural Language Adversarial Defense through Synonym Encoding" (SEM). Synonyms
get one code, so that a classifier, trained and attacked on encoded texts, cannot tell them apart.
Their Algorithm 1 goes through the words, the most frequent first. A word without a code gets that
of the nearest of its synonyms that have one, or else a code of its own, and its synonyms without a
code get the same. Synonyms of a word are its nearest neighbours, at most ``neighbours`` of them
within a distance. A cluster can thus hold words that are no neighbours of each other.

Here a code is the word whose own code it is, which a pretrained network knows. What follows the
authors' code (JHL-HUST/SEM): 10 neighbours (``encode_utils.py``), and common words, which get codes
of their own before all others (``synonyms_encode_v1``): there words of one letter and the 15 most
frequent words, here words of one letter and stopwords.

Differences: their distance is a squared Euclidean one below 0.5 (``README.md``) between
counter-fitted vectors, which for unit vectors is a cosine above 0.75. Here it is a cosine in the
project's word vectors, in which the same numbers mean other neighbours, and opposites are never
neighbours. Their words are the 50,000 most frequent of the training split and in its order, here
those of the word vectors in order of their frequency in English, so that codes do not depend on the
dataset. All other words share one code there (``text_encode``); here they stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from robustbert.assets import asset_folder, load_word_vectors
from robustbert.defenses.text_encoding import TextEncoding
from robustbert.errors import InputError
from robustbert.validation import check_at_least

if TYPE_CHECKING:
    from robustbert.assets.vectors import WordVectors

#: The largest number of neighbours: the word vectors come with as many.
MOST_NEIGHBOURS = 100


@dataclass(frozen=True)
class SynonymEncoding(TextEncoding):
    """Synonym encoding in training and at inference.

    Args:
        neighbours: the largest number of synonyms of a word, 1 to 100.
        min_cosine: the smallest cosine similarity of a word and its synonym in the word vectors,
            -1 to 1.

    Raises:
        InputError: a number is out of range.
    """

    paper: ClassVar[str] = "Wang et al. 2021"
    assets: ClassVar[tuple[str, ...]] = ("word-vectors", "stopwords")

    neighbours: int = 10
    min_cosine: float = 0.7

    def __post_init__(self) -> None:
        check_neighbours(self.neighbours, self.min_cosine)

    def encoder(self) -> Callable[[str], str]:
        """See :meth:`TextEncoding.encoder`."""
        codes = _synonym_codes(self.neighbours, self.min_cosine)
        return lambda word: codes.get(word, word)


def check_neighbours(neighbours: int, min_cosine: float) -> None:
    """Check the parameters of synonyms.

    Raises:
        InputError: one is out of range.
    """
    check_at_least(1, neighbours=neighbours)
    if neighbours > MOST_NEIGHBOURS:
        raise InputError(f"neighbours is {neighbours}; give at most {MOST_NEIGHBOURS}")
    if not -1 <= min_cosine <= 1:
        raise InputError(f"min_cosine is {min_cosine!r}; give a number from -1 to 1")


def encode_synonyms(
    words: Iterable[str], synonyms: Callable[[str], Iterable[str]], common: Iterable[str]
) -> dict[str, str]:
    """The code of each word, which is a word; Algorithm 1 of Wang et al. 2021.

    >>> near = {"movie": ["film"], "film": ["movie", "cinema"], "cinema": ["film"], "the": []}
    >>> encode_synonyms(["the", "movie", "film", "cinema"], near.__getitem__, common=["the"])
    {'the': 'the', 'movie': 'movie', 'film': 'movie', 'cinema': 'movie'}

    Args:
        words: all words, the most frequent first.
        synonyms: those of a word, nearest first; all of them are ``words``.
        common: words that have codes of their own.
    """
    codes = {word: word for word in common}
    for word in words:
        if word in codes:
            continue
        near = list(synonyms(word))
        codes[word] = next((codes[other] for other in near if other in codes), word)
        for other in near:
            codes.setdefault(other, codes[word])
    return codes


def near_words(vectors: WordVectors, count: int, min_cosine: float) -> dict[str, dict[str, float]]:
    """The cosine similarities of each word's nearest words, nearest first.

    Args:
        vectors: the word vectors.
        count: the largest number of neighbours, 1 to :data:`MOST_NEIGHBOURS`.
        min_cosine: their smallest cosine similarity; rounded to six decimals, because the last bits
            differ between CPUs.
    """
    found = {}
    for row, word in enumerate(vectors.words):
        near = vectors.neighbours[row, 1 : 1 + count]
        cosines = (vectors.vectors[near] @ vectors.vectors[row]).round(6)
        pairs = zip(near.tolist(), cosines.tolist(), strict=True)
        found[word] = {vectors.words[i]: cosine for i, cosine in pairs if cosine >= min_cosine}
    return found


@lru_cache(maxsize=4)
def _synonym_codes(neighbours: int, min_cosine: float) -> Mapping[str, str]:
    vectors = load_word_vectors()
    near = near_words(vectors, neighbours, min_cosine)
    return encode_synonyms(vectors.words, near.__getitem__, common_words(vectors.words))


def common_words(words: Sequence[str]) -> list[str]:
    """The stopwords among some words, and the words of one letter."""
    stopwords = (asset_folder("stopwords") / "english").read_text(encoding="utf-8").split()
    is_common = np.isin(words, stopwords) | (np.char.str_len(words) == 1)
    return [word for word, common in zip(words, is_common, strict=True) if common]
