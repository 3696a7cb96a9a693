"""Sentence similarity between an original and a perturbed text, computed from these texts only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from robustbert.attacks.word_changes import StretchPair, changed_stretches

if TYPE_CHECKING:
    import numpy as np

Encoder = Callable[[Sequence[str]], Iterable["np.ndarray"]]
"""A function that returns one unit-norm float32 embedding per text, in order."""


def angular_similarity(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """``1 - angle / pi`` between rows: 1 same direction, 0.5 orthogonal, 0 opposite.

    Args:
        first: float, shape (n, d), no zero rows.
        second: float, shape (n, d), no zero rows.

    Returns:
        float64, shape (n,), in [0, 1].

    >>> import numpy as np
    >>> angular_similarity(np.eye(2), np.eye(2)[::-1])
    array([0.5, 0.5])
    """
    import numpy as np

    first = np.asarray(first, dtype=np.float64)
    second = np.asarray(second, dtype=np.float64)
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    cosine = np.clip((first * second).sum(axis=1) / norms, -1.0, 1.0)
    return np.asarray(1.0 - np.arccos(cosine) / np.pi)


def pair_similarities(pairs: Sequence[StretchPair], encode: Encoder) -> np.ndarray:
    """The angular similarity of each pair of stretches: float64, shape (n,)."""
    import numpy as np

    if not pairs:
        return np.zeros(0)
    texts = [pair.original for pair in pairs] + [pair.changed for pair in pairs]
    vectors = np.stack([np.asarray(vector) for vector in encode(texts)])
    return angular_similarity(vectors[: len(pairs)], vectors[len(pairs) :])


def text_similarity(
    original: Sequence[str], changed: Sequence[str], stretch: int, encode: Encoder
) -> float:
    """The lowest similarity between a changed stretch and its original; 1.0 if nothing changed.

    Stretches are defined in :mod:`robustbert.attacks.word_changes`. TextFooler instead compares the
    window around each newly replaced word with the same window before that replacement. Its check
    cannot be reproduced from the final text, and many small changes can add up. This measure
    depends only on the two texts, so it can be reproduced, and it compares all changes of a stretch
    with the original at once.

    Args:
        original: the words of the original text.
        changed: the words of the perturbed text.
        stretch: minimum number of words in a stretch, at least 1.
        encode: the sentence encoder.
    """
    similarities = pair_similarities(changed_stretches(original, changed, stretch), encode)
    return float(similarities.min()) if len(similarities) else 1.0
