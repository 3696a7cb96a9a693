"""Texts as tokens that know where words start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from robustbert.progress import progress_bar

#: Texts that are tokenized at once.
_AT_ONCE = 1000


@dataclass(frozen=True, eq=False)
class Tokens:
    """The tokens of a text, without special tokens.

    Args:
        ids: the token ids, int64 (n,).
        starts: whether each token starts a word, bool (n,).
    """

    ids: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def part(self, first: int, end: int) -> Tokens:
        """The tokens from ``first`` to before ``end``."""
        return Tokens(self.ids[first:end], self.starts[first:end])


def join_tokens(parts: Sequence[Tokens]) -> Tokens:
    """One text of several, in order."""
    return Tokens(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.starts for part in parts]),
    )


def tokenize_texts(tokenizer: Any, texts: Sequence[str], what: str) -> list[Tokens]:
    """Tokenize texts with a fast tokenizer, without truncation.

    The name of a special token in a text, such as ``[MASK]``, is text like any other.

    Args:
        tokenizer: a tokenizer of transformers.
        texts: the texts.
        what: describes the work for the progress bar.
    """
    found = []
    with progress_bar(len(texts), what, "text") as bar:
        for first in range(0, len(texts), _AT_ONCE):
            some = list(texts[first : first + _AT_ONCE])
            encoded = tokenizer(
                some, add_special_tokens=False, split_special_tokens=True, verbose=False
            )
            for i, ids in enumerate(encoded["input_ids"]):
                words = np.array([-1, *encoded.word_ids(i)], dtype=np.int64)
                found.append(Tokens(np.array(ids, dtype=np.int64), np.diff(words) != 0))
            bar.update(len(some))
    return found


def cut_tokens(tokens: Tokens, length: int) -> Iterator[Tokens]:
    """Cut a text into pieces of at most ``length`` tokens, between words where that is possible."""
    first = 0
    while first < len(tokens):
        end = min(first + length, len(tokens))
        if end < len(tokens):
            cuts = np.flatnonzero(tokens.starts[first + 1 : end + 1])
            end = first + 1 + int(cuts[-1]) if len(cuts) else end
        yield tokens.part(first, end)
        first = end
