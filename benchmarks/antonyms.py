"""How many antonyms pass as synonyms: the cross-validated figures of docs/assets.md.

python benchmarks/antonyms.py    (about 5 minutes on one thread)

WordNet does not list every antonym, so the rate that matters is that of pairs that were not fitted.
Pairs are held out in five folds over lemma classes (a lemma and its inflections, and the adverb of
an adjective), in two ways:

- class pairs: all pairs of the same two classes are held out together; each word may still occur in
  other antonym pairs. How well are unlisted opposites of words that WordNet knows told apart?
- classes: all antonym pairs of a fifth of the classes are held out. The same for words of which
  WordNet lists no opposite at all. A pair of two folds is measured twice.

Synonym pairs are held out in the same way. Only in the last column were opposites removed from the
neighbours. Version 1 of the vectors was fitted to WordNet's antonyms and those of the head of an
adjective, without inflections, in fewer steps.
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
from robustbert.assets.encodings import encode_words, frequent_words
from robustbert.assets.inflection import Inflector, LemmaPair
from robustbert.assets.lexicon import (
    Source,
    antonym_lemmas,
    sourced_antonyms,
    synonym_lemmas,
    word_pairs,
)
from robustbert.assets.vectors import SENSES, VOCABULARY, WordVectors, row_pairs
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
    """Pairs as row numbers, ``(p, 2)``, and the lemma class of each row's word."""

    antonyms: Rows
    synonyms: Rows
    groups: NDArray[np.str_]  # of the antonyms
    listed_before: NDArray[np.bool_]  # antonyms of version 1
    synonyms_before: NDArray[np.bool_]
    classes: NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Measured:
    """What was found for each pair: whether it is at or above the limit, and whether it is near."""

    above: NDArray[np.bool_]
    near: NDArray[np.bool_]

    def at(self, places: NDArray[np.int64]) -> Measured:
        return Measured(self.above[places], self.near[places])


@dataclass(frozen=True, eq=False)
class CrossValidated:
    """The held-out pairs, in the order of :func:`held_out_pairs`."""

    antonyms: Measured
    synonyms: Measured


def read_lexicon(words: tuple[str, ...]) -> Lexicon:
    vocabulary = frozenset(words)
    database = read_database(asset_folder("wordnet"))
    inflector = Inflector(vocabulary)
    opposed, alike = antonym_lemmas(database, SENSES), synonym_lemmas(database, SENSES)
    sources = sourced_antonyms(opposed, vocabulary, inflector)
    pairs = word_pairs(database, vocabulary, SENSES)
    listed = {
        (pair.first, pair.second)
        for pair, source in opposed.items()
        if source in (Source.DIRECT, Source.HEAD)
    }
    own = {
        (min(pair), max(pair))
        for synset in database.synsets
        for pair in combinations(database.usual_words(synset, SENSES), 2)
    }
    return Lexicon(
        antonyms=row_pairs(pairs.antonyms, words),
        synonyms=row_pairs(pairs.synonyms, words),
        groups=np.array([_group(sources[pair], pair in listed) for pair in pairs.antonyms]),
        listed_before=np.array([pair in listed for pair in pairs.antonyms]),
        synonyms_before=np.array([pair in own for pair in pairs.synonyms]),
        classes=lemma_classes(words, [*opposed, *alike], inflector, database),
    )


def _group(source: Source, listed_before: bool) -> str:
    if listed_before:
        return "in version 1"
    return "inflections" if source in (Source.DIRECT, Source.HEAD) else source.value


def lemma_classes(
    words: tuple[str, ...], pairs: Iterable[LemmaPair], inflector: Inflector, database: Database
) -> NDArray[np.str_]:
    """The name of each word's class: words linked by inflection or as adverb and adjective."""
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
        names.setdefault(label, word)  # the most frequent word
    return np.array([names[label] for label in labels])


def fold_of(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % FOLDS


def by_class_pair(pairs: Rows, classes: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Whether each pair is held out in each fold, ``(p, FOLDS)``."""
    names = np.sort(classes[pairs], axis=1)
    folds = np.array([fold_of(f"{a} {b}") for a, b in names])
    return folds[:, None] == np.arange(FOLDS)


def by_class(pairs: Rows, classes: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Whether each pair is held out in each fold, ``(p, FOLDS)``: in those of both classes."""
    fold = {name: fold_of(name) for name in np.unique(classes[pairs])}
    folds = np.vectorize(fold.__getitem__)(classes[pairs])
    return (folds[:, :, None] == np.arange(FOLDS)).any(axis=1)


def measure(vectors: Vectors, pairs: Rows, nearest: NDArray[np.int32] | None = None) -> Measured:
    """Look at pairs: is the cosine above the limit, is one among the nearest of the other?

    Args:
        vectors: unit vectors.
        pairs: row numbers.
        nearest: of each row, itself first; found from the vectors when it is None.
    """
    left, right = pairs.T
    cosines = (vectors[left] * vectors[right]).sum(axis=1)
    return Measured(
        cosines >= LIMIT,
        _near(vectors, left, right, nearest) | _near(vectors, right, left, nearest),
    )


def _near(
    vectors: Vectors, centres: Rows, others: Rows, nearest: NDArray[np.int32] | None
) -> NDArray[np.bool_]:
    if nearest is not None:
        return (nearest[centres, 1 : NEAREST + 1] == others[:, None]).any(axis=1)
    near = np.empty(len(centres), dtype=bool)
    for start in range(0, len(centres), 2048):
        block = slice(start, start + 2048)
        cosines = vectors[centres[block]] @ vectors.T
        own = np.take_along_axis(cosines, others[block, None], axis=1)
        near[block] = (cosines > own).sum(axis=1) <= NEAREST  # the word itself is above too
    return near


def cross_validate(
    encodings: Vectors,
    lexicon: Lexicon,
    hold_out: HoldOut,
    *,
    before: bool,
    settings: CounterFitting | None = None,
) -> CrossValidated:
    """Fit without each fold and measure its pairs.

    Args:
        encodings: what is counter-fitted.
        lexicon: the pairs.
        hold_out: :func:`by_class_pair` or :func:`by_class`.
        before: fit on the pairs of version 1 alone (but measure on all).
        settings: of the counter-fitting.
    """
    antonyms_out = hold_out(lexicon.antonyms, lexicon.classes)
    synonyms_out = hold_out(lexicon.synonyms, lexicon.classes)
    antonyms_in = lexicon.listed_before | (not before)
    synonyms_in = lexicon.synonyms_before | (not before)
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
    return CrossValidated(joined(antonyms), joined(synonyms))


def held_out_pairs(held_out: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The places of the held-out pairs, in the order of the folds."""
    return np.concatenate([np.flatnonzero(column) for column in held_out.T])


def joined(parts: Sequence[Measured]) -> Measured:
    return Measured(
        np.concatenate([part.above for part in parts]),
        np.concatenate([part.near for part in parts]),
    )


def print_table(
    title: str, groups: Mapping[str, NDArray[np.bool_]], columns: Mapping[str, Measured]
) -> None:
    """Print the share above the limit and the share that is near, per group and column."""
    print(f"\n{title}")
    print(f"{'':<15}{'':>7}" + "".join(f"{name:>21}" for name in columns))
    heads = f"{'cos>=' + str(LIMIT):>12}{'near ' + str(NEAREST):>9}"
    print(f"{'pairs':<15}{'n':>7}" + heads * len(columns))
    for name, member in groups.items():
        cells = "".join(
            f"{found.above[member].mean():>12.1%}{found.near[member].mean():>9.1%}"
            for found in columns.values()
        )
        print(f"{name:<15}{member.sum():>7,}{cells}")


def report(
    title: str,
    hold_out: HoldOut,
    encodings: Vectors,
    lexicon: Lexicon,
    first: Vectors,
    shipped: WordVectors,
) -> None:
    """Cross-validate and print the tables of one way to hold out pairs."""
    before = cross_validate(encodings, lexicon, hold_out, before=True, settings=VERSION_1)
    after = cross_validate(encodings, lexicon, hold_out, before=False)

    places = held_out_pairs(hold_out(lexicon.antonyms, lexicon.classes))
    groups = {name: lexicon.groups[places] == name for name in GROUPS}
    groups["all"] = np.ones(len(places), dtype=bool)
    columns = {
        "encodings": measure(encodings, lexicon.antonyms).at(places),
        "version 1, fitted": measure(first, lexicon.antonyms).at(places),
        "version 1, held out": before.antonyms,
        "version 2, held out": after.antonyms,
        "version 2, fitted": measure(shipped.vectors, lexicon.antonyms, shipped.neighbours).at(
            places
        ),
    }
    print_table(f"antonyms, {title}", groups, columns)

    places = held_out_pairs(hold_out(lexicon.synonyms, lexicon.classes))
    old = lexicon.synonyms_before[places]
    groups = {"in version 1": old, "new": ~old, "all": old | ~old}
    columns = {
        "encodings": measure(encodings, lexicon.synonyms).at(places),
        "version 1, fitted": measure(first, lexicon.synonyms).at(places),
        "version 1, held out": before.synonyms,
        "version 2, held out": after.synonyms,
        "version 2, fitted": measure(shipped.vectors, lexicon.synonyms, shipped.neighbours).at(
            places
        ),
    }
    print_table(f"synonyms, {title}", groups, columns)


def main() -> None:
    words = frequent_words(VOCABULARY)
    lexicon = read_lexicon(words)
    encodings = encode_words(words, sentence_encoder_folder())
    first = counter_fit(
        encodings,
        lexicon.synonyms[lexicon.synonyms_before],
        lexicon.antonyms[lexicon.listed_before],
        VERSION_1,
    )
    shipped = load_word_vectors()
    print(f"{len(lexicon.antonyms):,} antonym and {len(lexicon.synonyms):,} synonym pairs")
    report("class pairs held out", by_class_pair, encodings, lexicon, first, shipped)
    report("classes held out", by_class, encodings, lexicon, first, shipped)


if __name__ == "__main__":
    main()
