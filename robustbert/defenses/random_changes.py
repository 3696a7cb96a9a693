"""Random changes of a text's words: neighbours in the word vectors, and typos."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from robustbert.assets import asset_folder, ensure_assets, load_word_vectors
from robustbert.defenses.letter_case import like_case
from robustbert.defenses.typos import SHORTEST, random_typo

#: The assets that are read.
ASSETS = ("word-vectors", "stopwords")


@dataclass(frozen=True, eq=False)
class WordNeighbours:
    """The nearest words of each word in the counter-fitted word vectors, and the stopwords.

    Args:
        neighbours: the nearest words of each word, nearest first; opposites are not among them.
        stopwords: words that attacks do not change, in lower case.
    """

    neighbours: Mapping[str, Sequence[str]]
    stopwords: Collection[str]

    def change(self, word: str, typos: float, count: int, generator: random.Random) -> str:
        """Replace a word by one of its nearest neighbours, or make a typo.

        Args:
            word: the word. A word without neighbours gets a typo, a short one stays as it is.
            typos: the probability of a typo, 0 to 1.
            count: the number of neighbours, at least 1; each is equally likely.
            generator: the source of randomness.
        """
        near = self.neighbours.get(word.lower(), ())[:count]
        if near and generator.random() >= typos:
            return like_case(generator.choice(near), word)
        return random_typo(word, generator) if len(word) >= SHORTEST and typos else word

    def may_change(self, word: str) -> bool:
        """Whether attacks change a word."""
        return word.lower() not in self.stopwords


@cache
def word_neighbours() -> WordNeighbours:
    """Read the neighbours from the assets.

    Raises:
        MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
    """
    ensure_assets(ASSETS)
    vectors = load_word_vectors()
    words = vectors.words
    neighbours = {
        word: [words[row] for row in rows[1:]]
        for word, rows in zip(words, vectors.neighbours.tolist(), strict=True)
    }
    stopwords = (asset_folder("stopwords") / "english").read_text(encoding="utf-8").split()
    return WordNeighbours(neighbours, frozenset(stopwords))
