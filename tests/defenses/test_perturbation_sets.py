"""The words that may replace a word, against a graph of all of them."""

from __future__ import annotations

from fractions import Fraction

import networkx
import numpy as np
import pytest

from robustbert.assets.vectors import WordVectors, nearest_neighbours
from robustbert.defenses import perturbation_sets as module
from robustbert.defenses.perturbation_sets import PerturbationSets, perturbation_sets

WORDS = (*(f"w{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(60)), "a", "b")
EXCLUDED = np.array([[0, 1], [2, 3]])


@pytest.fixture
def vectors(monkeypatch) -> WordVectors:
    generator = np.random.default_rng(0)
    found = generator.normal(size=(len(WORDS), 3)).astype(np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    near = nearest_neighbours(found, 30, excluded=EXCLUDED)
    vectors = WordVectors(WORDS, found, near)
    monkeypatch.setattr(module, "load_word_vectors", lambda: vectors)
    return vectors


def make(min_cosine: float, set_size: int, *, components: bool) -> PerturbationSets:
    return perturbation_sets.__wrapped__(min_cosine, set_size, components=components)


def cosines(vectors: WordVectors, row: int) -> dict[str, float]:
    """The similarity of a word with its neighbours, letters left out, nearest first."""
    return {
        WORDS[other]: float(vectors.vectors[row] @ vectors.vectors[other])
        for other in vectors.neighbours[row, 1:].tolist()
        if len(WORDS[other]) > 1
    }


def expected_substitutes(vectors: WordVectors, min_cosine: float) -> dict[str, list[str]]:
    found = {
        word: [other for other, cosine in cosines(vectors, row).items() if cosine >= min_cosine]
        for row, word in enumerate(WORDS)
        if len(word) > 1
    }
    return {word: others for word, others in found.items() if others}


@pytest.mark.parametrize("min_cosine", [0.85, 0.95])
@pytest.mark.parametrize("set_size", [1, 5, 30])
def test_sets_are_components_or_the_nearest_words_in_them(vectors, min_cosine, set_size):
    found = make(min_cosine, set_size, components=True)
    substitutes = expected_substitutes(vectors, min_cosine)
    assert {word: list(found.substitutes(word)) for word in WORDS} == {
        word: substitutes.get(word, []) for word in WORDS
    }
    graph = networkx.Graph([(word, other) for word in substitutes for other in substitutes[word]])
    graph.add_nodes_from(WORDS)
    sizes = set()
    for component in networkx.connected_components(graph):
        sizes.add(len(component))
        for word in component:
            own = found.perturbations(word)
            if len(component) <= set_size:
                assert set(own) == component
            else:
                near = cosines(vectors, WORDS.index(word))
                members = [other for other in near if other in component]
                assert list(own) == [word, *members][:set_size]
    assert 1 < min(sizes - {1}) <= 5 < max(sizes), "there are small and large components"


def test_sets_can_be_the_substitutes_alone(vectors):
    found = make(0.9, 4, components=False)
    for word, others in expected_substitutes(vectors, 0.9).items():
        assert list(found.perturbations(word)) == [word, *others][:4]
    assert found.perturbations("unknown") == ("unknown",)


def test_opposites_and_letters_are_no_substitutes(vectors):
    found = make(-1.0, 30, components=False)
    for first, second in EXCLUDED:
        assert WORDS[first] not in found.substitutes(WORDS[second])
    assert not {"a", "b"} & {other for word in WORDS[:-2] for other in found.perturbations(word)}
    assert found.perturbations("a") == ("a",)


@pytest.mark.parametrize("components", [True, False])
def test_overlaps_are_those_with_all_substitutes(vectors, components):
    found = make(0.85, 12, components=components)
    overlaps = set()
    for word in WORDS:
        own = set(found.perturbations(word))
        expected = Fraction(1)
        for other in found.substitutes(word):
            theirs = set(found.perturbations(other))
            expected = min(expected, Fraction(len(own & theirs), max(len(own), len(theirs))))
        assert found.overlap(word) == found.overlap(word) == expected
        overlaps.add(expected)
    assert found.overlap("unknown") == 1
    assert len(overlaps) > 5


def test_the_word_vectors_give_sets():
    found = perturbation_sets(0.8, 100, components=True)
    assert perturbation_sets(0.8, 100, components=True) is found
    assert "movies" in found.substitutes("film")
    assert {"film", "movie"} <= set(found.perturbations("film"))
    assert len(found.perturbations("wonderful")) <= 100
    assert 0 < found.overlap("film") < 1
    assert found.perturbations("unheardof") == ("unheardof",)
    assert found.overlap("unheardof") == 1
