"""The gradient of a text's loss with respect to its input embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class TokenGradient:
    """The gradient of a text's loss with respect to the input embedding of each token.

    The loss is the cross-entropy for the predicted label.

    Args:
        token_ids: int64 (t,), special tokens included.
        tokens: the t tokens as strings.
        gradient: float32 (t, d), one row per token.
    """

    token_ids: np.ndarray
    tokens: tuple[str, ...]
    gradient: np.ndarray
