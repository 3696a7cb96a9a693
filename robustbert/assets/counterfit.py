"""Counter-fitting: move the word vectors of synonyms together and those of antonyms apart.

Nikola Mrkšić et al. 2016, "Counter-fitting Word Vectors to Linguistic Constraints" (NAACL),
section 2. The distance of two words is ``1 - cos``. Three hinge costs are summed with equal
weights: antonyms nearer than ``delta`` are pushed apart, synonyms farther than ``gamma`` are pulled
together, and a word's neighbours in the original space (nearer than ``rho``) must stay near.

As in the authors' code, but not in the paper's formula, a word's step is its gradient divided by
the number of active pairs that contain it, and vectors are scaled to unit length after each step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Pairs = NDArray[np.int64]


@dataclass(frozen=True)
class CounterFitting:
    """Hyperparameters of counter-fitting; distances are ``1 - cos``, between 0 and 2.

    Args:
        delta: antonyms nearer than this distance are pushed apart.
        gamma: synonyms farther than this distance are pulled together.
        rho: words nearer than this distance in the original space are neighbours to preserve.
        rate: the learning rate.
        epochs: the number of gradient steps, each over all pairs.
    """

    delta: float = 1.0
    gamma: float = 0.0
    rho: float = 0.2
    rate: float = 0.05
    epochs: int = 30


def counter_fit(
    vectors: Vectors, synonyms: Pairs, antonyms: Pairs, settings: CounterFitting | None = None
) -> Vectors:
    """Counter-fit ``vectors``; deterministic.

    Args:
        vectors: unit vectors, float32 ``(n, d)``.
        synonyms: row numbers of words to pull together, ``(s, 2)``.
        antonyms: row numbers of words to push apart, ``(a, 2)``.
        settings: the hyperparameters; None for the defaults.

    Returns:
        Unit vectors, float32 ``(n, d)``.
    """
    settings = settings or CounterFitting()
    kept = _without(neighbour_pairs(vectors, settings.rho), antonyms, len(vectors))
    pairs = np.concatenate([antonyms, synonyms, kept])
    signs = np.concatenate([-_ones(antonyms), _ones(synonyms), _ones(kept)])
    limits = np.concatenate(
        [
            settings.delta * _ones(antonyms),
            settings.gamma * _ones(synonyms),
            1.0 - _cosines(vectors, kept),
        ]
    )
    fitted = vectors.copy()
    for _ in range(settings.epochs):
        cosines = _cosines(fitted, pairs)
        active = signs * (1.0 - cosines - limits) > 0
        fitted = _step(fitted, pairs[active], signs[active], cosines[active], settings.rate)
    return fitted


def neighbour_pairs(vectors: Vectors, rho: float, block: int = 2048) -> Pairs:
    """Row numbers ``i < j`` of pairs of words nearer than ``rho``, int64 ``(p, 2)``, sorted."""
    found = []
    for start in range(0, len(vectors), block):
        cosines = vectors[start : start + block] @ vectors[start:].T
        left, right = np.divmod(np.flatnonzero(cosines > 1.0 - rho), cosines.shape[1])
        found.append(np.stack([left, right], axis=1)[left < right] + start)
    return np.concatenate(found).astype(np.int64)


def _without(pairs: Pairs, removed: Pairs, n: int) -> Pairs:
    """The ``pairs`` that are not in ``removed``; antonyms are not neighbours to preserve."""
    low, high = removed.min(axis=1), removed.max(axis=1)
    kept: Pairs = pairs[~np.isin(pairs[:, 0] * n + pairs[:, 1], low * n + high)]
    return kept


def _ones(pairs: Pairs) -> Vectors:
    return np.ones(len(pairs), dtype=np.float32)


def _cosines(vectors: Vectors, pairs: Pairs, block: int = 1024) -> Vectors:
    """The cosine of each pair, computed in blocks that fit into the CPU's cache."""
    cosines = np.empty(len(pairs), dtype=np.float32)
    for start in range(0, len(pairs), block):
        left, right = pairs[start : start + block].T
        np.einsum("pd,pd->p", vectors[left], vectors[right], out=cosines[start : start + block])
    return cosines


def _step(vectors: Vectors, pairs: Pairs, signs: Vectors, cosines: Vectors, rate: float) -> Vectors:
    """Take one gradient step; a word's gradient is averaged over its pairs.

    The gradient of a pair's cosine is ``b - cos(a, b) a`` for ``a`` of ``(a, b)``.

    Args:
        vectors: unit vectors, ``(n, d)``.
        pairs: the active pairs, those with a cost above 0, ``(p, 2)``.
        signs: 1 for a pair to pull together, -1 for one to push apart, ``(p,)``.
        cosines: the pairs' cosines, ``(p,)``.
        rate: the learning rate.
    """
    from scipy.sparse import coo_array

    n = len(vectors)
    left, right = pairs.T
    rows, columns = np.concatenate([left, right]), np.concatenate([right, left])
    links = coo_array((np.tile(signs, 2), (rows, columns)), shape=(n, n)).tocsr()
    own = np.bincount(rows, weights=np.tile(signs * cosines, 2), minlength=n).astype(np.float32)
    gradient = links @ vectors - own[:, None] * vectors
    counts = np.maximum(np.bincount(rows, minlength=n), 1).astype(np.float32)
    moved = vectors + rate * (gradient / counts[:, None])
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), dtype=np.float32)
