"""Typos, what they are taken for, and clusters of words that they confuse."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from rapidfuzz.distance import OSA

from robustbert.defenses.typo_clusters import (
    agglomerative_clusters,
    confusions,
    connected_clusters,
    edits,
)

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("word", ["", "a", "ab", "abc", "abba", "zzz"])
def test_typos_are_all_strings_at_distance_1(word):
    near = {
        "".join(letters)
        for length in range(1, len(word) + 2)
        for letters in itertools.product("abz", repeat=length)
        if OSA.distance(word, "".join(letters)) == 1
    }
    found = edits(word, inner=False)
    assert {typo for typo in found if set(typo) <= set("abz")} == near
    assert all(OSA.distance(word, typo) == 1 for typo in found)


@pytest.mark.parametrize("word", ["", "a", "ab", "abc", "abcde"])
def test_inner_typos_keep_the_first_and_last_letter(word):
    kept = {
        typo
        for typo in edits(word, inner=False)
        if len(word) > 1 and len(typo) > 1 and (typo[0], typo[-1]) == (word[0], word[-1])
    }
    assert edits(word, inner=True) == kept


def random_words(seed: int, count: int = 60) -> list[str]:
    draw = random.Random(seed)
    drawn = ("".join(draw.choices("abc", k=draw.randint(1, 5))) for _ in range(count))
    return list(dict.fromkeys(drawn))


@pytest.mark.parametrize("inner", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_confusions_are_those_of_all_typos(seed, inner):
    words = random_words(seed)
    taken_for: dict[str, int] = {}
    for row, word in enumerate(words):
        for typo in edits(word, inner=inner):
            taken_for.setdefault(typo, row)
    taken_for |= {word: row for row, word in enumerate(words)}
    expected = {
        (row, taken_for[typo])
        for row, word in enumerate(words)
        for typo in {word, *edits(word, inner=inner)}
    }
    found = confusions(words, inner=inner)
    assert [tuple(pair) for pair in found.tolist()] == sorted(expected)
    assert len(found) > len(words)


def test_connected_words_share_a_cluster():
    words = ["plain", "pin", "stop", "step", "ham", "pain"]
    labels = connected_clusters(confusions(words, inner=True), len(words)).tolist()
    assert labels[0] == labels[5] == labels[1], "plain, pain and pin"
    assert labels[2] == labels[3]
    assert len(set(labels)) == 3


def objective(
    clusters: Sequence[Sequence[int]], pairs: np.ndarray, frequencies: Sequence[float], gamma: float
) -> float:
    """The objective by its definition, with a vector per word."""
    count = len(frequencies)
    points, weights = np.eye(count), np.array(frequencies)
    fidelity, stability = 0.0, 0.0
    cluster_of = {}
    for number, members in enumerate(clusters):
        rows = list(members)
        mean = np.average(points[rows], axis=0, weights=weights[rows])
        fidelity += float(weights[rows] @ np.linalg.norm(points[rows] - mean, axis=1))
        cluster_of |= dict.fromkeys(rows, number)
    for word in range(count):
        reached = {cluster_of[other] for first, other in pairs.tolist() if first == word}
        stability += frequencies[word] * len(reached)
    return gamma * fidelity + (1 - gamma) * stability


def merge_greedily(
    pairs: np.ndarray, frequencies: Sequence[float], gamma: float
) -> list[frozenset[int]]:
    """An oracle: evaluates the objective after every allowed merge."""
    clusters = [frozenset([word]) for word in range(len(frequencies))]
    while True:
        now = objective([sorted(c) for c in clusters], pairs, frequencies, gamma)
        best = (-1e-12, None)
        for a, b in itertools.combinations(clusters, 2):
            if not any((x in a and y in b) or (x in b and y in a) for x, y in pairs.tolist()):
                continue
            merged = [c for c in clusters if c not in (a, b)] + [a | b]
            change = objective([sorted(c) for c in merged], pairs, frequencies, gamma) - now
            best = min(best, (change, merged), key=lambda one: one[0])
        if best[1] is None:
            return clusters
        clusters = best[1]


@pytest.mark.parametrize("gamma", [0.0, 0.3, 0.6, 1.0])
def test_agglomerative_clusters_are_those_of_the_best_merges(gamma):
    words = random_words(5, count=14)
    draw = random.Random(1)
    frequencies = sorted((math.exp(3 * draw.random()) for _ in words), reverse=True)
    pairs = confusions(words, inner=False)
    labels = agglomerative_clusters(pairs, frequencies, gamma)
    found = {frozenset(np.flatnonzero(labels == label).tolist()) for label in labels.tolist()}
    assert found == set(merge_greedily(pairs, frequencies, gamma))
    if gamma == 0:  # stability alone: as many as are connected
        assert len(found) == len(set(connected_clusters(pairs, len(words)).tolist()))
    if gamma == 1:
        assert len(found) == len(words)
