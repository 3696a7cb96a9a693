"""Scores of tokens, summed over the tokens of each word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from robustbert.explanations.explainer import Scores
from robustbert.models.tokenization import TokenSpan

OUTSIDE = -1
SPECIAL = -2


def words_of_tokens(words: Sequence[tuple[int, int]], tokens: Sequence[TokenSpan]) -> np.ndarray:
    """The position of the word that each token belongs to: int64 (t,).

    It is the first word that shares a character with the token; ``OUTSIDE`` if there is none, and
    ``SPECIAL`` for a token that the tokenizer added.

    Args:
        words: start and end of each word, in order.
        tokens: where each token is.
    """
    starts, ends = np.array(words, dtype=np.int64).reshape(-1, 2).T
    positions = np.searchsorted(ends, [token.start for token in tokens], side="right")
    found = np.full(len(tokens), OUTSIDE, dtype=np.int64)
    for i, (token, position) in enumerate(zip(tokens, positions, strict=True)):
        if token.is_special:
            found[i] = SPECIAL
        elif position < len(starts) and starts[position] < token.end:
            found[i] = position
    return found


def sum_by_word(
    words: Sequence[tuple[int, int]],
    tokens: Sequence[TokenSpan],
    scores: np.ndarray,
    diagnostics: Mapping[str, float],
) -> Scores:
    """Sum the scores of tokens, float (t,), by word; nothing is lost.

    Args:
        words: start and end of each word, in order.
        tokens: where each token is.
        scores: one per token.
        diagnostics: those of the result.
    """
    scores = np.asarray(scores, dtype=np.float64)
    positions = words_of_tokens(words, tokens)
    inside = positions >= 0
    return Scores(
        words=np.bincount(positions[inside], scores[inside], minlength=len(words)),
        special=float(scores[positions == SPECIAL].sum()),
        other=float(scores[positions == OUTSIDE].sum()),
        diagnostics=diagnostics,
    )
