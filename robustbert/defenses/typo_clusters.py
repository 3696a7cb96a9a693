"""Clusters of words that single typos can confuse, after Jones et al. 2020.

A typo is a single edit of a word: a letter deleted, inserted, replaced by another, or swapped with
the next. It is taken for the most frequent word that has it, and a word is always taken for itself.
:func:`confusions` lists which words the typos of each word are taken for.
"""

from __future__ import annotations

import heapq
import math
import string
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Pairs = NDArray[np.int64]
# A word's hash is the sum of its letters, 1 to 26, times powers of this odd number, modulo 2 ** 64.
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 2**64)


def edits(word: str, *, inner: bool, letters: str = string.ascii_lowercase) -> set[str]:
    """All typos of a word, without the word itself.

    >>> sorted(edits("abc", inner=True) - {f"a{letter}bc" for letter in string.ascii_lowercase})[:3]
    ['aac', 'abac', 'abcc']

    Args:
        word: any string.
        inner: whether the first and the last letter stay.
        letters: what typos add.
    """
    first, end = (1, len(word) - 1) if inner else (0, len(word))
    places = range(first, end)
    found = {word[:i] + word[i + 1 :] for i in places}
    found |= {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in places[:-1]}
    for letter in letters:
        found |= {word[:i] + letter + word[i + 1 :] for i in places}
        found |= {word[:i] + letter + word[i:] for i in range(first, end + 1)}
    return found - {word, ""}


def confusions(words: Sequence[str], *, inner: bool) -> Pairs:
    """Which words the typos of each word are taken for, itself included.

    Args:
        words: distinct words of the letters a to z, the most frequent first.
        inner: as in :func:`edits`.

    Returns:
        Sorted pairs of row numbers, int64 (p, 2): a word, and one that it is taken for.
    """
    hashes, rows = _typo_hashes(words, inner=inner)
    order = np.lexsort((rows, hashes))
    hashes, rows = hashes[order], rows[order]
    starts = np.flatnonzero(np.concatenate([[True], hashes[1:] != hashes[:-1]]))
    taken_for = rows[starts]
    own = np.searchsorted(hashes[starts], np.array([_hash(word) for word in words], np.uint64))
    taken_for[own] = np.arange(len(words))
    sizes = np.diff(np.append(starts, len(hashes)))
    pairs = np.unique(rows * len(words) + np.repeat(taken_for, sizes))
    return np.stack(np.divmod(pairs, len(words)), axis=1)


def connected_clusters(pairs: Pairs, count: int) -> NDArray[np.int64]:
    """The cluster of each of ``count`` words: those that confusions connect, directly or not."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs), dtype=bool), tuple(pairs.T)), shape=(count, count))
    labels: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels


def agglomerative_clusters(
    pairs: Pairs, frequencies: Sequence[float], gamma: float
) -> NDArray[np.int64]:
    """The cluster of each word, by merging clusters while that makes an objective smaller.

    The objective is gamma times the loss of fidelity plus 1 - gamma times the loss of stability.
    The first is the mean distance of a word from the mean of its cluster, with a dimension per word
    (in the authors' code, ``agglom_clusters.py``), the second the mean number of clusters that the
    typos of a word are taken for. Words weigh as often as they occur. Of all merges of two clusters
    with a confusion between them, the best is made first.

    Args:
        pairs: which words the typos of each word are taken for, itself included.
        frequencies: how often each word occurs, above 0.
        gamma: the weight of fidelity, 0 to 1.
    """
    clusters = _Clusters(pairs, frequencies, gamma)
    clusters.merge_all()
    labels = np.empty(len(frequencies), dtype=np.int64)
    for label, members in enumerate(clusters.members.values()):
        labels[members] = label
    return labels


class _Clusters:
    """Clusters of words, and the merges of two that make the objective smaller."""

    def __init__(self, pairs: Pairs, frequencies: Sequence[float], gamma: float) -> None:
        self._frequencies, self._gamma = list(frequencies), gamma
        count = len(self._frequencies)
        self.members = {word: [word] for word in range(count)}
        self._spread = dict.fromkeys(range(count), 0.0)
        # the words whose typos are taken for a word of the cluster
        self._reached_by: dict[int, set[int]] = defaultdict(set)
        self._linked: dict[int, set[int]] = defaultdict(set)
        for word, other in pairs.tolist():
            self._reached_by[other].add(word)
            if word != other:
                self._linked[word].add(other)
                self._linked[other].add(word)
        self._merges: list[tuple[float, int, int]] = []
        for first in range(count):
            for second in self._linked[first]:
                if first < second:
                    self._consider(first, second)

    def merge_all(self) -> None:
        """Merge while a merge makes the objective smaller; a merged cluster has a new number."""
        new = len(self._frequencies)
        while self._merges:
            _, first, second = heapq.heappop(self._merges)
            if first in self.members and second in self.members:
                self._merge(first, second, new)
                new += 1

    def _consider(self, first: int, second: int) -> None:
        both = self._reached_by[first] & self._reached_by[second]
        gained = math.fsum(self._frequencies[word] for word in both)
        members = self.members[first] + self.members[second]
        lost = self._spread_of(members) - self._spread[first] - self._spread[second]
        change = self._gamma * lost - (1 - self._gamma) * gained
        if change < 0:
            heapq.heappush(self._merges, (change, first, second))

    def _merge(self, first: int, second: int, new: int) -> None:
        self.members[new] = self.members.pop(first) + self.members.pop(second)
        self._spread[new] = self._spread_of(self.members[new])
        self._reached_by[new] = self._reached_by.pop(first) | self._reached_by.pop(second)
        linked = (self._linked.pop(first) | self._linked.pop(second)) - {first, second}
        self._linked[new] = linked
        for other in sorted(linked):
            self._linked[other] -= {first, second}
            self._linked[other].add(new)
            self._consider(other, new)

    def _spread_of(self, members: Sequence[int]) -> float:
        """The sum of the distances of a cluster's words from its mean, by frequency."""
        values = [self._frequencies[word] for word in members]
        total = math.fsum(values)
        square = math.fsum(value * value for value in values) / total**2
        return math.fsum(
            value * math.sqrt(max(0.0, 1 - 2 * value / total + square)) for value in values
        )


def _hash(word: str) -> int:
    return sum((ord(c) - 96) * pow(_BASE, i, 2**64) for i, c in enumerate(word)) % 2**64


def _typo_hashes(
    words: Sequence[str], *, inner: bool
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The hashes of the words and of all their typos, and the row of the word of each."""
    by_length: dict[int, list[int]] = defaultdict(list)
    for row, word in enumerate(words):
        by_length[len(word)].append(row)
    hashes, rows = [], []
    for length, of_length in by_length.items():
        letters = np.array([[ord(c) - 96 for c in words[row]] for row in of_length], np.uint64)
        columns = _edit_hashes(letters.reshape(-1, length), inner=inner)
        hashes.append(columns.ravel())
        rows.append(np.repeat(np.array(of_length), columns.shape[1]))
    return np.concatenate(hashes), np.concatenate(rows)


def _edit_hashes(letters: NDArray[np.uint64], *, inner: bool) -> NDArray[np.uint64]:
    """The hashes of n words of t letters, 1 to 26, and of their typos: uint64 (n, k)."""
    n, length = letters.shape
    powers = np.array([pow(_BASE, i, 2**64) for i in range(length + 1)], dtype=np.uint64)
    start = np.zeros((n, length + 1), dtype=np.uint64)  # of the letters before each place
    start[:, 1:] = np.cumsum(letters * powers[:length], axis=1, dtype=np.uint64)
    whole = start[:, -1:]
    alphabet = np.arange(1, 27, dtype=np.uint64)
    first, end = (1, length - 1) if inner else (0, length)
    columns = [whole]
    for i in range(first, end):
        columns.append(start[:, i, None] + (whole - start[:, i + 1, None]) * np.uint64(_INVERSE))
        columns.append(whole + (alphabet - letters[:, i, None]) * powers[i])
        if i + 1 < end:
            step = letters[:, i + 1, None] - letters[:, i, None]
            columns.append(whole + step * powers[i] - step * powers[i + 1])
    for i in range(first, end + 1):
        moved = (whole - start[:, i, None]) * np.uint64(_BASE)
        columns.append(start[:, i, None] + alphabet * powers[i] + moved)
    return np.concatenate(columns, axis=1)
