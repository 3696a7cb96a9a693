"""The word vectors: MiniLM word embeddings, counter-fitted to WordNet, in TextAttack's format."""

from __future__ import annotations

import pickle
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robustbert.assets.counterfit import counter_fit
from robustbert.assets.lexicon import WordPairs, word_pairs
from robustbert.assets.plain_pickles import load_plain
from robustbert.assets.profiles import current_profile
from robustbert.assets.word_embeddings import embed_words, frequent_words
from robustbert.assets.wordnet_database import read_database
from robustbert.errors import MissingAssetError

VOCABULARY = 30_000
SENSES = 2
"""The number of most frequent senses considered per word; see :func:`word_pairs`."""
NEIGHBOURS = 101
"""Columns of the neighbour matrix: the word itself and 100 others."""

# Number of additional candidates, so that rounding does not exclude words of almost equal cosine.
_SPARE = 32

_VECTORS, _WORDS, _NEIGHBOURS = "paragram.npy", "wordlist.pickle", "nn.npy"
_CACHES = ("mse_dist.p", "cos_sim.p")


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Words with their vectors and neighbours.

    Args:
        words: in descending order of frequency.
        vectors: unit vectors, float32 ``(n, d)``.
        neighbours: int32 ``(n, k)``: row numbers of the nearest words, starting with the word
            itself.
    """

    words: tuple[str, ...]
    vectors: NDArray[np.float32]
    neighbours: NDArray[np.int32]


def build(folder: Path, needed: Mapping[str, Path]) -> None:
    """Build the vectors of :data:`VOCABULARY` words and write them into ``folder``."""
    words = frequent_words(VOCABULARY)
    pairs = word_pairs(read_database(needed["wordnet"]), frozenset(words), SENSES)
    embeddings = embed_words(words, needed["sentence-encoder"])
    write_word_vectors(folder, make_word_vectors(words, embeddings, pairs))


def make_word_vectors(
    words: Sequence[str], embeddings: NDArray[np.float32], pairs: WordPairs
) -> WordVectors:
    """Counter-fit ``embeddings`` to ``pairs`` and find each word's neighbours.

    Args:
        words: distinct words.
        embeddings: unit vectors, float32 ``(n, d)``, one row per word.
        pairs: synonyms, antonyms and opposites, all among ``words``; opposites are never
            neighbours.

    Raises:
        MissingAssetError: there are no synonyms or no antonyms, so the lexicon is incomplete.
    """
    if not (pairs.synonyms and pairs.antonyms):
        raise MissingAssetError(
            "WordNet contains no synonyms or no antonyms for the word vectors; "
            "remove the assets' cache folder and run: robustbert assets"
        )
    synonyms, antonyms = row_pairs(pairs.synonyms, words), row_pairs(pairs.antonyms, words)
    vectors = counter_fit(embeddings, synonyms, antonyms)
    opposites = row_pairs(pairs.opposites, words)
    neighbours = nearest_neighbours(vectors, NEIGHBOURS, excluded=opposites)
    return WordVectors(tuple(words), vectors, neighbours)


def row_pairs(pairs: Iterable[tuple[str, str]], words: Sequence[str]) -> NDArray[np.int64]:
    """The row numbers of pairs of words, int64 ``(p, 2)``.

    Args:
        pairs: pairs of ``words``.
        words: the word of each row.
    """
    row = {word: number for number, word in enumerate(words)}
    return np.array([[row[a], row[b]] for a, b in pairs], dtype=np.int64).reshape(-1, 2)


def nearest_neighbours(
    vectors: NDArray[np.float32],
    count: int,
    *,
    excluded: NDArray[np.int64] | None = None,
    block: int = 512,
) -> NDArray[np.int32]:
    """The nearest rows to each row by cosine similarity.

    Cosines are rounded to six decimals, and of equal ones the lower row number comes first, so that
    the order of the neighbours does not depend on the last bits of a matmul, which differ between
    CPUs.

    Args:
        vectors: unit vectors, float32 ``(n, d)``.
        count: the number of neighbours per row, including the row itself.
        excluded: pairs of different rows that must not be neighbours, ``(p, 2)``.
        block: the number of rows per matmul.

    Returns:
        int32 ``(n, k)``, starting with the row itself. ``k`` is ``count``, or less if exclusions
        leave a row with fewer neighbours.
    """
    import torch

    n = len(vectors)
    excluded_rows = _both_ways(
        excluded if excluded is not None else np.empty((0, 2), dtype=np.int64)
    )
    count = min(count, n - int(np.bincount(excluded_rows[:, 0], minlength=n).max()))
    every = torch.from_numpy(vectors)
    nearest = np.empty((n, count), dtype=np.int32)
    for start in range(0, n, block):
        cosines = every[start : start + block] @ every.T
        own = torch.arange(len(cosines))
        cosines[own, own + start] = 2.0  # above every other
        first, last = np.searchsorted(excluded_rows[:, 0], [start, start + len(cosines)])
        cosines[
            excluded_rows[first:last, 0] - start, excluded_rows[first:last, 1]
        ] = -2.0  # below every other
        near = cosines.topk(min(count + _SPARE, n), dim=1)
        ranks = (near.values * 1e6).round().long() * n - near.indices
        order = ranks.argsort(dim=1, descending=True)[:, :count]
        nearest[start : start + block] = near.indices.gather(1, order).numpy()
    return nearest


def _both_ways(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each pair in both orders, without duplicates, sorted by row."""
    return np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)


def write_word_vectors(folder: Path, vectors: WordVectors) -> None:
    """Write the five files that TextAttack's ``WordEmbedding`` reads."""
    np.save(folder / _VECTORS, vectors.vectors)
    np.save(folder / _NEIGHBOURS, vectors.neighbours)
    rows = {word: number for number, word in enumerate(vectors.words)}
    _dump(rows, folder / _WORDS)
    for name in _CACHES:  # TextAttack fills them during attacks
        _dump(defaultdict(dict), folder / name)


def read_word_vectors(folder: Path) -> WordVectors:
    """Read the files that :func:`write_word_vectors` wrote, or TextAttack's own ones.

    Raises:
        MissingAssetError: the list of words is damaged, or a pickle that could run code.
    """
    with (folder / _WORDS).open("rb") as file:
        try:
            rows: dict[str, int] = dict(load_plain(file))
        except Exception as error:  # a broken pickle can raise exceptions of almost any type
            raise MissingAssetError(
                f"the word vectors cannot be used ({_WORDS}: {error}); remove {folder} and run: "
                f"robustbert assets --profile {current_profile()} word-vectors"
            ) from error
    return WordVectors(
        words=tuple(sorted(rows, key=rows.__getitem__)),
        vectors=np.load(folder / _VECTORS),
        neighbours=np.load(folder / _NEIGHBOURS),
    )


def by_frequency(vectors: WordVectors) -> WordVectors:
    """Vectors that others made, as :class:`WordVectors` has them.

    The words are sorted by descending frequency, those of equal frequency stay in their order, and
    the vectors are scaled to unit length.
    """
    from wordfreq import zipf_frequency

    frequencies = np.array([zipf_frequency(word, "en") for word in vectors.words])
    order = np.argsort(-frequencies, kind="stable")
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    scaled = vectors.vectors[order].astype(np.float32)
    norms = np.linalg.norm(scaled, axis=1, keepdims=True)
    return WordVectors(
        words=tuple(vectors.words[row] for row in order.tolist()),
        vectors=scaled / np.maximum(norms, np.finfo(np.float32).tiny),
        neighbours=place[vectors.neighbours[order]],
    )


def _dump(value: object, path: Path) -> None:
    with path.open("wb") as file:
        pickle.dump(value, file, protocol=4)
