"""The words that may replace a word, from the project's word vectors.

Ye et al. 2020 distinguish two sets. The substitutes S(w) of a word are what an attack may put in
its place: its neighbours with a cosine similarity of at least a threshold. The perturbation set
P(w) is what the defense puts there at random. Words and their substitutes form a graph. P(w) is the
connected component of w, or, if that is larger than K, the K words in it that are nearest to w.

In the authors' code (lushleaf/Structure-free-certified-NLP, ``data_process.py``), the vectors are
the counter-fitted ones, from which the mean and eight principal components are removed; words that
occur once in training and test data are left out. The threshold is 0.8 and K is 100 (``run.sh``;
``evaluation.py`` has defaults of 0.7 and 800). Here the vectors are the project's own, as they are,
and words have up to 100 neighbours, without opposites. So P(w) holds those words of a large
component that are among the neighbours of w, and the sizes of sets differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from robustbert.assets import load_word_vectors
from robustbert.metrics import smallest_overlap

if TYPE_CHECKING:
    from robustbert.assets.vectors import WordVectors

#: The largest size of a set: the word vectors come with as many neighbours, and the word itself.
LARGEST_SET = 101

Words = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class PerturbationSets:
    """What may replace each word, in lower case.

    Args:
        substitutes: S(w): what an attack may put in the place of a word.
        perturbations: P(w): what the defense puts there, the word itself included.
    """

    substitutes: Callable[[str], Words]
    perturbations: Callable[[str], Words]
    _overlaps: dict[str, Fraction] = field(default_factory=dict, init=False, repr=False)

    def overlap(self, word: str) -> Fraction:
        """The smallest overlap of P(w) with P(w') over all substitutes w' of a word."""
        if word not in self._overlaps:
            others = [frozenset(self.perturbations(other)) for other in self.substitutes(word)]
            self._overlaps[word] = smallest_overlap(frozenset(self.perturbations(word)), others)
        return self._overlaps[word]


@lru_cache(maxsize=4)
def perturbation_sets(min_cosine: float, set_size: int, *, components: bool) -> PerturbationSets:
    """The sets from the word vectors; they are kept in memory for the same arguments.

    Words of a single letter have no substitutes, and are none.

    Args:
        min_cosine: the smallest cosine similarity of a word and its substitute, -1 to 1.
        set_size: the largest size of P(w), 1 to :data:`LARGEST_SET`.
        components: whether P(w) holds words of the whole component; otherwise the word and the
            nearest of its substitutes.

    Raises:
        MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
    """
    vectors = load_word_vectors()
    words, near = vectors.words, vectors.neighbours
    rows = {word: row for row, word in enumerate(words)}
    is_substitute = _are_substitutes(vectors, min_cosine)
    graph = _Components.of(near, is_substitute) if components else None

    @cache
    def substitutes(row: int) -> Words:
        return tuple(words[other] for other in near[row, is_substitute[row]].tolist())

    @cache
    def perturbations(row: int) -> Words:
        if graph is None:
            return (words[row], *substitutes(row)[: set_size - 1])
        return tuple(words[other] for other in graph.nearest_members(row, set_size))

    # unknown words, of which attacks make millions, are not kept in memory
    return PerturbationSets(
        substitutes=lambda word: substitutes(rows[word]) if word in rows else (),
        perturbations=lambda word: perturbations(rows[word]) if word in rows else (word,),
    )


@dataclass(frozen=True, eq=False)
class _Components:
    """The connected components of words and their substitutes.

    Args:
        neighbours: int32 (n, k): the neighbours of each word, itself first, nearest first.
        component: (n,): the component of each word.
        members: the words of each component.
    """

    neighbours: NDArray[np.int32]
    component: NDArray[np.int32]
    members: list[NDArray[np.intp]]

    @classmethod
    def of(cls, near: NDArray[np.int32], is_substitute: NDArray[np.bool_]) -> _Components:
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        rows, columns = np.nonzero(is_substitute)
        shape = (len(near), len(near))
        links = coo_array((np.ones(len(rows)), (rows, near[rows, columns])), shape=shape)
        count, component = connected_components(links, directed=False)
        ends = np.cumsum(np.bincount(component, minlength=count))[:-1]
        members = np.split(np.argsort(component, kind="stable"), ends)
        return cls(near, component, members)

    def nearest_members(self, row: int, count: int) -> list[int]:
        """The words of a word's component, or those of its neighbours, if there are too many."""
        members = self.members[self.component[row]]
        if len(members) > count:
            near = self.neighbours[row]
            members = near[self.component[near] == self.component[row]][:count]
        return [int(member) for member in members]


def _are_substitutes(vectors: WordVectors, min_cosine: float) -> NDArray[np.bool_]:
    """Which neighbours of each word are similar enough to replace it, (n, k).

    Neighbours are in the order of their similarity, so those after the first that is not similar
    enough are not looked at. Cosines are rounded, as in the asset, so that the last bits, which
    differ between CPUs, do not matter.
    """
    found = np.zeros(vectors.neighbours.shape, dtype=bool)
    rows = np.arange(len(found))
    for column in range(1, vectors.neighbours.shape[1]):
        others = vectors.neighbours[rows, column]
        cosines = np.einsum("nd,nd->n", vectors.vectors[rows], vectors.vectors[others])
        rows = rows[cosines.round(6) >= min_cosine]
        found[rows, column] = True
    is_word = np.array([len(word) > 1 for word in vectors.words])
    found &= is_word[:, None] & is_word[vectors.neighbours]
    return found
