"""Cross-validate the share of antonyms that vectors treat as synonyms (see docs/assets.md).

    python benchmarks/antonyms.py    (about 5 minutes on one thread)

WordNet does not list every antonym, so what matters is the rate on held-out pairs. Pairs are split
into five folds by lemma classes (a lemma, its inflections, and the adverb of an adjective), in two
ways:

- class pairs: all pairs of the same two classes are held out together; each word may still occur in
  other antonym pairs. This estimates the rate for unlisted antonyms of words that have other
  antonyms in WordNet.
- classes: all antonym pairs of a fifth of the classes are held out. This estimates the rate for
  words without any antonym in WordNet. A pair whose classes are in different folds is measured
  twice.

Synonym pairs are held out in the same way. Only in the last column were antonyms removed from the
neighbours. Version 1 of the vectors was fitted for fewer epochs, without inflections, to WordNet's
direct antonyms and to the antonyms of the head adjective of a cluster.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from robustbert.assets import asset_folder, load_word_vectors, sentence_encoder_folder
from robustbert.assets.counterfit import CounterFitting, counter_fit
from robustbert.assets.inflection import Inflector, LemmaPair
from robustbert.assets.lexicon import (
    Source,
    antonym_lemmas,
    sourced_antonyms,
    synonym_lemmas,
    word_pairs,
)
from robustbert.assets.vectors import SENSES, VOCABULARY, WordVectors, row_pairs
from robustbert.assets.word_embeddings import embed_words, frequent_words
from robustbert.assets.wordnet_database import ADJECTIVE_OF_ADVERB, Database, read_database

FOLDS = 5
VERSION_1 = CounterFitting(rho=0.3, epochs=20)
LIMIT = 0.5
NEAREST = 50
GROUPS = ("in version 1", "inflections", "indirect", "derived", "function word")

WordPair = tuple[str, str]
Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]
HoldOut = Callable[[Rows, NDArray[np.str_]], NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Pairs of row numbers, shape (p, 2), and the lemma class of each row's word.

    Args:
        antonyms: all antonym pairs.
        synonyms: all synonym pairs.
        antonym_groups: one of `GROUPS` for each antonym pair.
        antonyms_in_version_1: whether version 1 was fitted to the antonym pair.
        synonyms_in_version_1: whether version 1 was fitted to the synonym pair.
        classes: the name of the lemma class of each word.
    """

    antonyms: Rows
    synonyms: Rows
    antonym_groups: NDArray[np.str_]
    antonyms_in_version_1: NDArray[np.bool_]
    synonyms_in_version_1: NDArray[np.bool_]
    classes: NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class PairMeasures:
    """Per pair: is the cosine at least `LIMIT`, and is one word a near neighbour of the other?"""

    above: NDArray[np.bool_]
    near: NDArray[np.bool_]

    def at(self, indices: NDArray[np.int64]) -> PairMeasures:
        """The measures of some pairs."""
        return PairMeasures(self.above[indices], self.near[indices])


@dataclass(frozen=True, eq=False)
class CrossValidated:
    """The held-out pairs, in the order of :func:`held_out_pairs`."""

    antonyms: PairMeasures
    synonyms: PairMeasures


def read_lexicon(words: tuple[str, ...]) -> Lexicon:
    """Read the antonym and synonym pairs of WordNet among ``words``."""
    vocabulary = frozenset(words)
    database = read_database(asset_folder("wordnet"))
    inflector = Inflector(vocabulary)
    antonyms, synonyms = antonym_lemmas(database, SENSES), synonym_lemmas(database, SENSES)
    sources = sourced_antonyms(antonyms, vocabulary, inflector)
    pairs = word_pairs(database, vocabulary, SENSES)
    antonyms_in_version_1 = {
        (pair.first, pair.second)
        for pair, source in antonyms.items()
        if source in (Source.DIRECT, Source.HEAD)
    }
    synonyms_in_version_1 = {
        (min(pair), max(pair))
        for synset in database.synsets
        for pair in combinations(database.frequent_words(synset, SENSES), 2)
    }
    return Lexicon(
        antonyms=row_pairs(pairs.antonyms, words),
        synonyms=row_pairs(pairs.synonyms, words),
        antonym_groups=np.array(
            [_group(sources[pair], pair in antonyms_in_version_1) for pair in pairs.antonyms]
        ),
        antonyms_in_version_1=np.array([pair in antonyms_in_version_1 for pair in pairs.antonyms]),
        synonyms_in_version_1=np.array([pair in synonyms_in_version_1 for pair in pairs.synonyms]),
        classes=lemma_classes(words, [*antonyms, *synonyms], inflector, database),
    )


def _group(source: Source, in_version_1: bool) -> str:
    if in_version_1:
        return "in version 1"
    return "inflections" if source in (Source.DIRECT, Source.HEAD) else source.value


def lemma_classes(
    words: tuple[str, ...], pairs: Iterable[LemmaPair], inflector: Inflector, database: Database
) -> NDArray[np.str_]:
    """The class of each word; inflections, and adverbs and adjectives, are in the same class.

    A class is named after its most frequent word.
    """
    row = {word: number for number, word in enumerate(words)}
    links: list[WordPair] = []
    for lemma, part in sorted({(w, pair.part) for pair in pairs for w in pair[1:]}):
        forms = [form for tagged in inflector.forms(lemma, part).values() for form in tagged]
        links += [(forms[0], form) for form in forms]
    for synset in database.synsets:
        for adverb, _, adjective in database.linked_words(synset, ADJECTIVE_OF_ADVERB):
            if adverb in row and adjective in row:
                links.append((adverb, adjective))
    left, right = row_pairs(links, words).T
    graph = coo_array((np.ones(len(left)), (left, right)), shape=(len(words), len(words)))
    _, labels = connected_components(graph, directed=False)
    names: dict[int, str] = {}
    for word, label in zip(words, labels, strict=True):
        names.setdefault(label, word)  # words are sorted by frequency
    return np.array([names[label] for label in labels])


def fold_of(name: str) -> int:
    """The fold of a class, or of a pair of classes."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % FOLDS


def by_class_pair(pairs: Rows, classes: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Whether each pair is held out in each fold, shape (p, FOLDS)."""
    names = np.sort(classes[pairs], axis=1)
    folds = np.array([fold_of(f"{a} {b}") for a, b in names])
    return folds[:, None] == np.arange(FOLDS)


def by_class(pairs: Rows, classes: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Whether each pair is held out in each fold: in the folds of both its classes."""
    fold = {name: fold_of(name) for name in np.unique(classes[pairs])}
    folds = np.vectorize(fold.__getitem__)(classes[pairs])
    return (folds[:, :, None] == np.arange(FOLDS)).any(axis=1)


def measure(
    vectors: Vectors, pairs: Rows, nearest: NDArray[np.int32] | None = None
) -> PairMeasures:
    """Measure whether cosines are at least the limit, and whether words are nearest neighbours.

    Args:
        vectors: unit vectors.
        pairs: row numbers, shape (p, 2).
        nearest: the nearest neighbours of each row, itself first; computed if None.
    """
    left, right = pairs.T
    cosines = (vectors[left] * vectors[right]).sum(axis=1)
    return PairMeasures(
        cosines >= LIMIT,
        _near(vectors, left, right, nearest) | _near(vectors, right, left, nearest),
    )


def _near(
    vectors: Vectors, centers: Rows, others: Rows, nearest: NDArray[np.int32] | None
) -> NDArray[np.bool_]:
    if nearest is not None:
        return (nearest[centers, 1 : NEAREST + 1] == others[:, None]).any(axis=1)
    near = np.empty(len(centers), dtype=bool)
    for start in range(0, len(centers), 2048):
        block = slice(start, start + 2048)
        cosines = vectors[centers[block]] @ vectors.T
        own = np.take_along_axis(cosines, others[block, None], axis=1)
        # at most, not less than: the word itself is also counted
        near[block] = (cosines > own).sum(axis=1) <= NEAREST
    return near


def cross_validate(
    encodings: Vectors,
    lexicon: Lexicon,
    hold_out: HoldOut,
    *,
    version_1: bool,
    settings: CounterFitting | None = None,
) -> CrossValidated:
    """Fit without the pairs of each fold, and measure those pairs.

    Args:
        encodings: the vectors to counter-fit.
        lexicon: the pairs.
        hold_out: :func:`by_class_pair` or :func:`by_class`.
        version_1: fit only to the pairs of version 1 (all held-out pairs are measured).
        settings: the settings of the counter-fitting.
    """
    antonyms_out = hold_out(lexicon.antonyms, lexicon.classes)
    synonyms_out = hold_out(lexicon.synonyms, lexicon.classes)
    antonyms_in = lexicon.antonyms_in_version_1 | (not version_1)
    synonyms_in = lexicon.synonyms_in_version_1 | (not version_1)
    antonyms, synonyms = [], []
    for fold in range(FOLDS):
        fitted = counter_fit(
            encodings,
            lexicon.synonyms[synonyms_in & ~synonyms_out[:, fold]],
            lexicon.antonyms[antonyms_in & ~antonyms_out[:, fold]],
            settings,
        )
        antonyms.append(measure(fitted, lexicon.antonyms[antonyms_out[:, fold]]))
        synonyms.append(measure(fitted, lexicon.synonyms[synonyms_out[:, fold]]))
    return CrossValidated(concatenate(antonyms), concatenate(synonyms))


def held_out_pairs(held_out: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Indices of the held-out pairs, in the order of the folds."""
    return np.concatenate([np.flatnonzero(column) for column in held_out.T])


def concatenate(parts: Sequence[PairMeasures]) -> PairMeasures:
    """Concatenate the measures of several folds."""
    return PairMeasures(
        np.concatenate([part.above for part in parts]),
        np.concatenate([part.near for part in parts]),
    )


def print_table(
    title: str, groups: Mapping[str, NDArray[np.bool_]], columns: Mapping[str, PairMeasures]
) -> None:
    """Print the shares of pairs above the limit and of near pairs, per group and column."""
    print(f"\n{title}")
    print(f"{'':<15}{'':>7}" + "".join(f"{name:>21}" for name in columns))
    heads = f"{'cos>=' + str(LIMIT):>12}{'near ' + str(NEAREST):>9}"
    print(f"{'pairs':<15}{'n':>7}" + heads * len(columns))
    for name, member in groups.items():
        cells = "".join(
            f"{measures.above[member].mean():>12.1%}{measures.near[member].mean():>9.1%}"
            for measures in columns.values()
        )
        print(f"{name:<15}{member.sum():>7,}{cells}")


def report(
    title: str,
    hold_out: HoldOut,
    encodings: Vectors,
    lexicon: Lexicon,
    version_1: Vectors,
    shipped: WordVectors,
) -> None:
    """Cross-validate one hold-out scheme and print its tables."""
    held_out_1 = cross_validate(encodings, lexicon, hold_out, version_1=True, settings=VERSION_1)
    held_out_2 = cross_validate(encodings, lexicon, hold_out, version_1=False)

    indices = held_out_pairs(hold_out(lexicon.antonyms, lexicon.classes))
    groups = {name: lexicon.antonym_groups[indices] == name for name in GROUPS}
    groups["all"] = np.ones(len(indices), dtype=bool)
    columns = {
        "encodings": measure(encodings, lexicon.antonyms).at(indices),
        "version 1, fitted": measure(version_1, lexicon.antonyms).at(indices),
        "version 1, held out": held_out_1.antonyms,
        "version 2, held out": held_out_2.antonyms,
        "version 2, fitted": measure(shipped.vectors, lexicon.antonyms, shipped.neighbours).at(
            indices
        ),
    }
    print_table(f"antonyms, {title}", groups, columns)

    indices = held_out_pairs(hold_out(lexicon.synonyms, lexicon.classes))
    old = lexicon.synonyms_in_version_1[indices]
    groups = {"in version 1": old, "new": ~old, "all": old | ~old}
    columns = {
        "encodings": measure(encodings, lexicon.synonyms).at(indices),
        "version 1, fitted": measure(version_1, lexicon.synonyms).at(indices),
        "version 1, held out": held_out_1.synonyms,
        "version 2, held out": held_out_2.synonyms,
        "version 2, fitted": measure(shipped.vectors, lexicon.synonyms, shipped.neighbours).at(
            indices
        ),
    }
    print_table(f"synonyms, {title}", groups, columns)


def main() -> None:
    """Print both cross-validations."""
    words = frequent_words(VOCABULARY)
    lexicon = read_lexicon(words)
    encodings = embed_words(words, sentence_encoder_folder())
    version_1 = counter_fit(
        encodings,
        lexicon.synonyms[lexicon.synonyms_in_version_1],
        lexicon.antonyms[lexicon.antonyms_in_version_1],
        VERSION_1,
    )
    shipped = load_word_vectors()
    print(f"{len(lexicon.antonyms):,} antonym and {len(lexicon.synonyms):,} synonym pairs")
    report("class pairs held out", by_class_pair, encodings, lexicon, version_1, shipped)
    report("classes held out", by_class, encodings, lexicon, version_1, shipped)


if __name__ == "__main__":
    main()
