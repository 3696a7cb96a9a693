"""Which tokens of a tokenizer are whole words, and which continue a word."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A token of a word at the beginning of a text can differ from the one of the same word after a
# space, so each word is encoded after this one.
_FIRST_WORD = "a"
# How words are written in texts; tokenizers that ignore case give the same tokens for both.
_SPELLINGS: tuple[Callable[[str], str], ...] = (str.lower, str.capitalize)
_WORDPIECE_CONTINUATION = "##"


@dataclass(frozen=True)
class TokenizerKey:
    """A tokenizer that equals others of the same content, so that results for it can be cached.

    Args:
        content: determines how it maps texts to tokens.
        tokenizer: the tokenizer.
    """

    content: str
    tokenizer: Any = field(compare=False)

    @classmethod
    def of(cls, tokenizer: Any) -> TokenizerKey:
        """The tokenizer; a slow one, which cannot be written as a string, equals itself alone."""
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            return cls(str(id(tokenizer)), tokenizer)
        content = json.loads(backend.to_str())
        # these depend on its last call
        kept = {key: content[key] for key in content if key not in ("truncation", "padding")}
        return cls(json.dumps(kept), tokenizer)


@lru_cache(maxsize=4)
def word_tokens(key: TokenizerKey, words: tuple[str, ...]) -> tuple[NDArray[np.int64], ...]:
    """The token of each word: in lower case, and with a capital first letter.

    Args:
        key: the tokenizer.
        words: distinct words of the letters a to z.

    Returns:
        Two arrays, int64 (n,), which are equal if the tokenizer ignores case; -1 stands for unknown
        words and words of several tokens.
    """
    tokens = key.tokenizer.convert_ids_to_tokens(list(range(len(key.tokenizer))))
    special = set(key.tokenizer.all_special_ids)
    letters = ["" if i in special else _letters(token) for i, token in enumerate(tokens)]
    rows = np.flatnonzero(np.isin(words, letters))
    found = []
    for spelling in _SPELLINGS:
        ids = np.full(len(words), -1, dtype=np.int64)
        ids[rows] = _encode(key.tokenizer, [spelling(words[row]) for row in rows])
        is_other = np.array(
            [i >= 0 and letters[i] != word for i, word in zip(ids, words, strict=True)], dtype=bool
        )
        found.append(np.where(is_other, -1, ids))
    return tuple(found)


def _letters(token: str) -> str:
    return re.sub("[^a-z]", "", token.lower())


def _encode(tokenizer: Any, words: Sequence[str]) -> NDArray[np.int64]:
    """The token of each word after a space, int64 (n,); -1 for words of several tokens."""
    if not words:
        return np.empty(0, dtype=np.int64)
    options = {"add_special_tokens": False, "return_attention_mask": False, "verbose": False}
    start = tokenizer(_FIRST_WORD, **options)["input_ids"]
    encoded = tokenizer([f"{_FIRST_WORD} {word}" for word in words], **options)["input_ids"]
    return np.array(
        [ids[-1] if ids[:-1] == start else -1 for ids in encoded],
        dtype=np.int64,
    )


def continuations(tokenizer: Any, word: str, token_id: int) -> NDArray[np.bool_]:
    """Whether each token continues the word of the token before it, bool (vocabulary,).

    WordPiece marks these tokens. Byte-level BPE and SentencePiece mark those that begin a word, by
    a character that stands for the space before it.

    Args:
        tokenizer: the tokenizer.
        word: a word that is one token.
        token_id: that token.
    """
    start = tokenizer.convert_ids_to_tokens(token_id).removesuffix(word)
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    if start:
        return np.array([t[:1].isalnum() and not t.startswith(start) for t in tokens])
    return np.array([t.startswith(_WORDPIECE_CONTINUATION) for t in tokens])
