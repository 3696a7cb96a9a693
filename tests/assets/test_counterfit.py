from __future__ import annotations

import numpy as np
import pytest

from robustbert.assets.counterfit import CounterFitting, counter_fit, neighbour_pairs

SYNONYMS = np.array([[0, 1], [0, 2], [3, 4], [10, 11]])
ANTONYMS = np.array([[0, 5], [6, 3], [1, 7]])


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def vectors() -> np.ndarray:
    random = np.random.default_rng(0)
    return unit(random.normal(size=(12, 6)) + 1.0).astype(np.float32)


def fit_by_loops(vectors: np.ndarray, settings: CounterFitting) -> np.ndarray:
    """Reference: the loss of section 2 in loops over pairs, in float64."""
    start = vectors.astype(np.float64)
    n = len(start)
    antonyms = {tuple(sorted(pair)) for pair in ANTONYMS.tolist()}
    kept = [
        (i, j)
        for i in range(n)
        for j in range(i + 1, n)
        if start[i] @ start[j] > 1 - settings.rho and (i, j) not in antonyms
    ]
    current = start.copy()
    for _ in range(settings.epochs):
        moves: list[list[np.ndarray]] = [[] for _ in range(n)]

        def pull(a: int, b: int, sign: float, now: np.ndarray, moves: list) -> None:
            cosine = now[a] @ now[b]
            moves[a].append(sign * (now[b] - cosine * now[a]))
            moves[b].append(sign * (now[a] - cosine * now[b]))

        for a, b in ANTONYMS:
            if 1 - current[a] @ current[b] < settings.delta:
                pull(a, b, -1.0, current, moves)
        for a, b in SYNONYMS:
            if 1 - current[a] @ current[b] > settings.gamma:
                pull(a, b, 1.0, current, moves)
        for a, b in kept:
            if current[a] @ current[b] < start[a] @ start[b] - 1e-7:
                pull(a, b, 1.0, current, moves)
        steps = np.stack([np.mean(m, axis=0) if m else np.zeros(start.shape[1]) for m in moves])
        current = unit(current + settings.rate * steps)
    return current


@pytest.mark.parametrize("rho", [0.05, 0.3, 0.6])
def test_equals_the_reference_loops(vectors: np.ndarray, rho: float) -> None:
    settings = CounterFitting(rho=rho, epochs=1)
    fitted = counter_fit(vectors, SYNONYMS, ANTONYMS, settings)
    np.testing.assert_allclose(fitted, fit_by_loops(vectors, settings), atol=1e-5)


def test_equals_the_reference_loops_over_many_steps(vectors: np.ndarray) -> None:
    settings = CounterFitting(rho=1e-6, epochs=20)
    fitted = counter_fit(vectors, SYNONYMS, ANTONYMS, settings)
    np.testing.assert_allclose(fitted, fit_by_loops(vectors, settings), atol=1e-4)


def test_similarity_of_synonyms_increases_and_of_antonyms_decreases(vectors: np.ndarray) -> None:
    fitted = counter_fit(vectors, SYNONYMS, ANTONYMS, CounterFitting(rho=1e-6, epochs=200))
    np.testing.assert_allclose(np.linalg.norm(fitted, axis=1), 1.0, atol=1e-5)
    assert fitted.dtype == np.float32

    def cosines(space: np.ndarray, pairs: np.ndarray) -> np.ndarray:
        return (space[pairs[:, 0]] * space[pairs[:, 1]]).sum(axis=1)

    assert (cosines(fitted, SYNONYMS) > cosines(vectors, SYNONYMS)).all()
    assert (cosines(fitted, ANTONYMS) < cosines(vectors, ANTONYMS)).all()
    assert (cosines(fitted, ANTONYMS) < 0.2).all()


def test_words_without_pairs_do_not_move(vectors: np.ndarray) -> None:
    fitted = counter_fit(vectors, SYNONYMS, ANTONYMS, CounterFitting(rho=1e-6))
    np.testing.assert_allclose(fitted[8:10], vectors[8:10], atol=1e-6)


def test_the_arguments_are_not_changed(vectors: np.ndarray) -> None:
    before = vectors.copy()
    once = counter_fit(vectors, SYNONYMS, ANTONYMS)
    np.testing.assert_array_equal(vectors, before)
    np.testing.assert_array_equal(once, counter_fit(vectors, SYNONYMS, ANTONYMS))


@pytest.mark.parametrize("block", [1, 5, 100])
def test_neighbour_pairs_do_not_depend_on_the_blocks(vectors: np.ndarray, block: int) -> None:
    cosines = vectors @ vectors.T
    expected = [(i, j) for i in range(12) for j in range(i + 1, 12) if cosines[i, j] > 0.5]
    assert expected
    assert [tuple(pair) for pair in neighbour_pairs(vectors, 0.5, block).tolist()] == expected
