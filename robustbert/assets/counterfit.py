"""Counter-fitting: word vectors bent so that synonyms lie close and antonyms far apart.

Nikola Mrkšić et al. 2016, "Counter-fitting Word Vectors to Linguistic Constraints" (NAACL),
section 2. The distance of two words is ``1 - cos``. Three hinge costs are summed with equal
weights: antonyms nearer than ``delta`` are pushed apart, synonyms farther than ``gamma`` are pulled
together, and a word's neighbours of the original space (nearer than ``rho``) must not drift away.

As in the authors' code, not in the paper's formula: a word's step is its gradient divided by the
number of pairs that pull at it, and vectors are scaled to unit length after each step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Pairs = NDArray[np.int64]


@dataclass(frozen=True)
class CounterFitting:
    """The settings; distances are ``1 - cos``, so between 0 and 2.

    Args:
        delta: antonyms are pushed until this far apart.
        gamma: synonyms are pulled until this near.
        rho: words nearer than this in the original space are neighbours to preserve.
        rate: the length of a step.
        epochs: how many steps.
    """

    delta: float = 1.0
    gamma: float = 0.0
    rho: float = 0.2
    rate: float = 0.05
    epochs: int = 30


def counter_fit(
    vectors: Vectors, synonyms: Pairs, antonyms: Pairs, settings: CounterFitting | None = None
) -> Vectors:
    """Counter-fit ``vectors``; the result depends on nothing but the arguments.

    Args:
        vectors: unit vectors, float32 ``(n, d)``.
        synonyms: row numbers of words to pull together, ``(s, 2)``.
        antonyms: row numbers of words to push apart, ``(a, 2)``.
        settings: see :class:`CounterFitting`.

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
    """Row numbers ``i < j`` of the words nearer than ``rho``, int64 ``(p, 2)``, in order."""
    found = []
    for start in range(0, len(vectors), block):
        cosines = vectors[start : start + block] @ vectors[start:].T
        left, right = np.divmod(np.flatnonzero(cosines > 1.0 - rho), cosines.shape[1])
        found.append(np.stack([left, right], axis=1)[left < right] + start)
    return np.concatenate(found).astype(np.int64)


def _without(pairs: Pairs, removed: Pairs, n: int) -> Pairs:
    """``pairs`` that are not in ``removed``: an antonym is no neighbour to preserve."""
    low, high = removed.min(axis=1), removed.max(axis=1)
    kept: Pairs = pairs[~np.isin(pairs[:, 0] * n + pairs[:, 1], low * n + high)]
    return kept


def _ones(pairs: Pairs) -> Vectors:
    return np.ones(len(pairs), dtype=np.float32)


def _cosines(vectors: Vectors, pairs: Pairs, block: int = 1024) -> Vectors:
    """The cosine of each pair; in blocks that stay in the processor's cache."""
    cosines = np.empty(len(pairs), dtype=np.float32)
    for start in range(0, len(pairs), block):
        left, right = pairs[start : start + block].T
        np.einsum("pd,pd->p", vectors[left], vectors[right], out=cosines[start : start + block])
    return cosines


def _step(vectors: Vectors, pairs: Pairs, signs: Vectors, cosines: Vectors, rate: float) -> Vectors:
    """One step down the cost: the mean over a word's pairs of its gradient.

    The gradient of a pair's cosine is ``b - cos(a, b) a`` for ``a`` of ``(a, b)``.

    Args:
        vectors: unit vectors, ``(n, d)``.
        pairs: those that pull or push, ``(p, 2)``.
        signs: 1 for a pair that attracts, -1 for one that repels, ``(p,)``.
        cosines: of the pairs, ``(p,)``.
        rate: the length of the step.
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
