"""The substitutes of each token of a network, from the project's word vectors.

A token that is a whole English word has as substitutes the tokens of the words nearest to it in the
counter-fitted word vectors, whose neighbours attacks try as well; opposites are never among them.
As in those attacks, stopwords are not replaced, but can be substitutes.

Words of several tokens are not replaced, and are no substitutes: a text is perturbed token by
token, and must keep their number. RockyLzy/TextDefender (``model/models.py``,
``utils/dne_utils.py``) does the same for BERT: of a list of neighbours of words, it keeps those
that are in the vocabulary. But there, a word is also replaced where it is the first token of a
longer one ("film" in "filmography").

That list is the one of Jia et al. 2019, "Certified Robustness to Adversarial Word Substitutions",
where a language model also chooses among the neighbours in each context. No model does so here, nor
in TextDefender.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from robustbert.assets import asset_folder, ensure_assets, load_word_vectors
from robustbert.defenses.embedding_defense import source_hashes
from robustbert.defenses.word_tokens import TokenizerKey, continuations, word_tokens
from robustbert.errors import InputError, ModelError

if TYPE_CHECKING:
    import torch

    from robustbert.assets.vectors import WordVectors

#: The largest number of substitutes of a token: the word vectors come with as many neighbours.
MOST_SUBSTITUTES = 100

_ASSETS = ("word-vectors", "stopwords")
_BLOCK = 512


@dataclass(frozen=True, eq=False)
class Substitutes:
    """The substitutes of some tokens.

    Args:
        ids: int64 (..., 1 + count): the token itself, then its substitutes, nearest first; the rest
            is filled with the token itself.
        mask: bool (..., 1 + count): False at what is filled.
    """

    ids: torch.Tensor
    mask: torch.Tensor


@dataclass(frozen=True, eq=False)
class SubstituteTable:
    """The substitutes of each token of a vocabulary; it is shared, so it must not be changed.

    Args:
        rows: the substitutes of each token, (vocabulary, 1 + count).
        continues: bool (vocabulary,): whether the token continues the word of the one before it.
    """

    rows: Substitutes
    continues: torch.Tensor

    def of(self, input_ids: torch.Tensor) -> Substitutes:
        """The substitutes of each token of some texts, (n, t, 1 + count).

        Special tokens, padding and the tokens of words of several tokens have none.

        Args:
            input_ids: int64 (n, t).
        """
        from torch.nn.functional import pad

        ids, mask = self.rows.ids[input_ids], self.rows.mask[input_ids]
        is_first_of_several = pad(self.continues[input_ids[:, 1:]], (0, 1))
        mask[..., 1:] &= ~is_first_of_several[..., None]
        return Substitutes(ids.where(mask, input_ids[..., None]), mask)

    def to(self, device: torch.device) -> SubstituteTable:
        """The same table on a device."""
        rows = Substitutes(self.rows.ids.to(device), self.rows.mask.to(device))
        return SubstituteTable(rows, self.continues.to(device))


def substitute_table(
    tokenizer: Any, vocabulary: int, count: int, min_cosine: float
) -> SubstituteTable:
    """Find the substitutes of each token; the table is kept in memory for the same arguments.

    Args:
        tokenizer: a tokenizer of transformers: WordPiece, byte-level BPE or SentencePiece.
        vocabulary: the number of rows of the network's token embeddings, at least that of tokens.
        count: the largest number of substitutes of a token, 1 to :data:`MOST_SUBSTITUTES`.
        min_cosine: the smallest cosine similarity of a substitute's word, -1 to 1.

    Raises:
        InputError: ``count`` or ``min_cosine`` is out of range.
        ModelError: no token has a substitute, as with a tokenizer whose tokens are no words.
        MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
    """
    check_substitutes(count, min_cosine)
    return _make_table(TokenizerKey.of(tokenizer), vocabulary, count, min_cosine)


def check_substitutes(count: int, min_cosine: float) -> None:
    """Check the parameters of :func:`substitute_table`, which defenses call ``substitutes``.

    Raises:
        InputError: one is out of range.
    """
    if isinstance(count, bool) or not (isinstance(count, int) and 1 <= count <= MOST_SUBSTITUTES):
        raise InputError(
            f"substitutes is {count!r}; give a whole number from 1 to {MOST_SUBSTITUTES}"
        )
    if not -1 <= min_cosine <= 1:
        raise InputError(f"min_cosine is {min_cosine!r}; give a number from -1 to 1")


def substitution_dependencies() -> dict[str, Any]:
    """What a table depends on, for :meth:`Defense.dependencies`: sources and assets, as hashes.

    Raises:
        MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
    """
    sources = source_hashes("substitutions", "substitution_callback", "word_tokens")
    return {**sources, "assets": dict(ensure_assets(_ASSETS))}


@lru_cache(maxsize=4)
def _make_table(
    key: TokenizerKey, vocabulary: int, count: int, min_cosine: float
) -> SubstituteTable:
    import torch

    rows = np.repeat(np.arange(vocabulary, dtype=np.int64)[:, None], count + 1, axis=1)
    mask = np.zeros(rows.shape, dtype=bool)
    mask[:, 0] = True
    vectors = _word_vectors()
    stopwords = (asset_folder("stopwords") / "english").read_text(encoding="utf-8").split()
    is_stopword = np.isin(vectors.words, stopwords)
    spellings = word_tokens(key, vectors.words)
    for ids in spellings:
        replaced = np.flatnonzero((ids >= 0) & ~is_stopword)
        near = _nearest_words(vectors, replaced, ids >= 0, count)
        is_found = _cosines(vectors, replaced, near) >= min_cosine
        own = ids[replaced, None]
        rows[own, 1 + np.arange(count)] = np.where(is_found, ids[near], own)
        mask[own, 1 + np.arange(count)] = is_found
    if not mask[:, 1:].any():
        raise ModelError(
            f"no token of the network is an English word with a neighbour of cosine {min_cosine:g} "
            "or more in the word vectors; lower min_cosine, or use a network whose tokens are "
            "words, such as minilm"
        )
    a_word = int(spellings[0].argmax())
    continues = np.zeros(vocabulary, dtype=bool)
    marked = continuations(key.tokenizer, vectors.words[a_word], int(spellings[0][a_word]))
    continues[: len(marked)] = marked
    substitutes = Substitutes(torch.from_numpy(rows), torch.from_numpy(mask))
    return SubstituteTable(substitutes, torch.from_numpy(continues))


@cache
def _word_vectors() -> WordVectors:
    return load_word_vectors()


def _nearest_words(
    vectors: WordVectors, rows: NDArray[np.intp], is_usable: NDArray[np.bool_], count: int
) -> NDArray[np.int64]:
    """The nearest usable neighbours of some words, (n, count); -1 where there are no more."""
    near = vectors.neighbours[rows, 1:].astype(np.int64)
    usable = is_usable[near]
    first = np.argsort(~usable, axis=1, kind="stable")[:, :count]
    found = np.take_along_axis(near, first, axis=1)
    return np.where(np.take_along_axis(usable, first, axis=1), found, -1)


def _cosines(
    vectors: WordVectors, rows: NDArray[np.intp], others: NDArray[np.int64]
) -> NDArray[np.float32]:
    """The cosine similarity of words with others, (n, count); -inf where there is none.

    Rounded, as in the asset, so that the last bits, which differ between CPUs, do not matter.
    """
    found = np.empty(others.shape, dtype=np.float32)
    for start in range(0, len(rows), _BLOCK):  # all vectors at once can take gigabytes
        block = slice(start, start + _BLOCK)
        own, near = vectors.vectors[rows[block]], vectors.vectors[others[block]]
        found[block] = np.einsum("nd,nkd->nk", own, near)
    return np.where(others >= 0, found.round(6), -np.inf)
