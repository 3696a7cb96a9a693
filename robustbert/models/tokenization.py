"""Turn texts into token ids, with a tokenizer of transformers or a function."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from robustbert.errors import ModelError, describe_error


class Tokenization(ABC):
    """Maps texts to sequences of at least one token id, truncated to a maximum length.

    Args:
        max_length: the maximum number of tokens, at least 1; None for no limit.
    """

    def __init__(self, max_length: int | None) -> None:
        self.max_length = max_length

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, special tokens included, truncated."""

    @abstractmethod
    def truncated(self, texts: Sequence[str]) -> np.ndarray:
        """Whether each text has more than the maximum number of tokens: bool (n,)."""


@dataclass(frozen=True)
class TokenSpan:
    """The position of a token in a text.

    Args:
        start: the offset of its first character.
        end: the offset after its last character.
        is_special: whether the tokenizer added it to the text, such as ``[CLS]``.
    """

    start: int
    end: int
    is_special: bool


class TransformersTokenization(Tokenization):
    """A tokenizer of transformers.

    Args:
        tokenizer: the tokenizer.
        max_length: the maximum number of tokens, special tokens included; None for no limit.
    """

    def __init__(self, tokenizer: Any, max_length: int | None) -> None:
        super().__init__(max_length)
        self._tokenizer = tokenizer

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """See :meth:`Tokenization.encode`."""
        cut = {"truncation": self.max_length is not None, "max_length": self.max_length}
        encoded = self._tokenizer(list(texts), return_attention_mask=False, verbose=False, **cut)
        # If the tokenizer adds no special tokens, a text of control characters has no tokens, but a
        # network needs at least one.
        nothing = [self._tokenizer.pad_token_id or 0]
        return [list(ids) or nothing for ids in encoded["input_ids"]]

    def truncated(self, texts: Sequence[str]) -> np.ndarray:
        """See :meth:`Tokenization.truncated`."""
        if self.max_length is None:
            return np.zeros(len(texts), dtype=bool)
        encoded = self._tokenizer(
            list(texts), truncation=False, return_attention_mask=False, verbose=False
        )
        return np.array([len(ids) > self.max_length for ids in encoded["input_ids"]])

    def encode_with_spans(self, text: str) -> tuple[list[int], list[TokenSpan]]:
        """The token ids of :meth:`encode` for one text, and the position of each token in it.

        Raises:
            ModelError: the tokenizer does not return the positions of tokens.
        """
        if not getattr(self._tokenizer, "is_fast", False):
            raise ModelError(
                f"the tokenizer {type(self._tokenizer).__name__} does not return the positions of "
                "tokens; save a fast tokenizer with the model (tokenizer.json)"
            )
        cut = {"truncation": self.max_length is not None, "max_length": self.max_length}
        encoded = self._tokenizer(
            text,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
            verbose=False,
            **cut,
        )
        places = zip(encoded["offset_mapping"], encoded["special_tokens_mask"], strict=True)
        spans = [TokenSpan(start, end, bool(special)) for (start, end), special in places]
        if not spans:
            return self.encode([text])[0], [TokenSpan(0, 0, True)]
        return list(encoded["input_ids"]), spans

    @property
    def padding_id(self) -> int:
        """The token that stands for no token; 0 if the tokenizer has none."""
        return int(self._tokenizer.pad_token_id or 0)

    def tokens(self, ids: Sequence[int]) -> tuple[str, ...]:
        """The token ids as strings."""
        return tuple(self._tokenizer.convert_ids_to_tokens(list(ids)))


class FunctionTokenization(Tokenization):
    """A function that maps a list of texts to one list of token ids each.

    Args:
        function: the function.
        max_length: the maximum number of tokens; the rest is cut off. None for no limit.
        empty_id: the single token of a text for which the function returns no tokens.
    """

    def __init__(
        self,
        function: Callable[[list[str]], Sequence[Sequence[int]]],
        max_length: int | None,
        empty_id: int = 0,
    ) -> None:
        super().__init__(max_length)
        self._function = function
        self._empty_id = empty_id

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """See :meth:`Tokenization.encode`."""
        return [ids[: self.max_length] or [self._empty_id] for ids in self._call(texts)]

    def truncated(self, texts: Sequence[str]) -> np.ndarray:
        """See :meth:`Tokenization.truncated`."""
        if self.max_length is None:
            return np.zeros(len(texts), dtype=bool)
        return np.array([len(ids) > self.max_length for ids in self._call(texts)])

    def _call(self, texts: Sequence[str]) -> list[list[int]]:
        try:
            answer: Any = self._function(list(texts))
        except Exception as error:  # the function may raise anything
            raise ModelError(
                f"the tokenizer failed: {describe_error(error)}; it must map a list of texts to "
                "one list of token ids each"
            ) from error
        if hasattr(answer, "tolist"):
            answer = answer.tolist()
        if not isinstance(answer, (list, tuple)) or len(answer) != len(texts):
            size = f" of {len(answer)}" if isinstance(answer, (list, tuple)) else ""
            raise ModelError(
                f"the tokenizer returned a {type(answer).__name__}{size} for {len(texts)} texts; "
                "it must map a list of texts to one list of token ids each"
            )
        return [_checked_ids(item) for item in answer]


def _checked_ids(item: Any) -> list[int]:
    ids = item.tolist() if hasattr(item, "tolist") else item
    if not isinstance(ids, (list, tuple)):
        raise ModelError(
            f"the tokenizer returned a {type(item).__name__} for a text; return a list of token ids"
        )
    integers = [_as_int(value) for value in ids]
    if None in integers:
        wrong = ids[integers.index(None)]
        raise ModelError(
            f"the tokenizer returned {ascii(wrong)[:40]} as a token id; return integers from 0 on"
        )
    return [value for value in integers if value is not None]


def _as_int(value: Any) -> int | None:
    """A token id as an int; None if it is not one."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        return None
    number = int(value.__index__())
    return number if number >= 0 else None
