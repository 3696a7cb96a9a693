from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from robustbert.assets import nltk_resources
from robustbert.assets.function_words import function_word_opposites
from robustbert.assets.inflection import LemmaPair, lemma_pair
from robustbert.assets.lexicon import (
    Source,
    WordPairs,
    antonym_lemmas,
    synonym_lemmas,
    word_pairs,
)
from robustbert.assets.wordnet_database import Database, read_database

_TEXT = """
    good bad great terrible awful film movie picture boring dull interesting brilliant happy sad
    quick fast slow big large small buy sell purchase begin start end win lose quickly rapidly
    entertaining loser winner success failure strength weakness slowly happily sadly hot cold
"""
WORDS = _TEXT.split()
PARTS = {"a": "adj", "s": "adj", "r": "adv", "n": "noun", "v": "verb"}


@pytest.fixture(scope="module")
def database(wordnet_folder: Path) -> Database:
    return read_database(wordnet_folder)


@pytest.fixture(scope="module")
def reader(wordnet_folder: Path, nltk_paths: None) -> Any:
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    return WordNetCorpusReader(str(wordnet_folder), object())


@pytest.mark.slow
def test_nltk_reads_every_synset(reader: Any) -> None:
    assert sum(1 for _ in reader.all_synsets()) == nltk_resources.SYNSETS == 117_659


def test_nltk_reads_the_words_around_the_join_of_the_noun_files(reader: Any) -> None:
    assert {"zucchini", "courgette"} <= set(reader.synset("zucchini.n.02").lemma_names())
    assert reader.synsets("dog")[0].definition().startswith("a member of the genus Canis")


def lemma_pairs_by_nltk(reader: Any) -> tuple[set[LemmaPair], dict[Source, set[LemmaPair]]]:
    """The expected relations among WORDS, computed with NLTK."""
    vocabulary = set(WORDS)
    synonyms: set[LemmaPair] = set()
    antonyms: dict[Source, set[LemmaPair]] = {source: set() for source in Source}

    def add(to: set[LemmaPair], part: str, ours: Any, theirs: Any) -> None:
        first, second = ({x.name().lower() for x in some} & vocabulary for some in (ours, theirs))
        to.update(lemma_pair(part, a, b) for a, b in product(first, second) if a != b)

    def cluster(synset: Any) -> list[Any]:
        near = synset.similar_tos() if synset.pos() == "a" else []
        return [lemma for member in (synset, *near) for lemma in member.lemmas()]

    for synset in reader.all_synsets():
        part = PARTS[synset.pos()]
        add(synonyms, part, synset.lemmas(), synset.lemmas())
        for lemma in synset.lemmas():
            for opposite in lemma.antonyms():
                add(antonyms[Source.DIRECT], part, [lemma], [opposite])
                add(antonyms[Source.INDIRECT], part, cluster(synset), cluster(opposite.synset()))
                for one, other in product(
                    lemma.derivationally_related_forms(), opposite.derivationally_related_forms()
                ):
                    ours, theirs = one.synset(), other.synset()
                    if ours != theirs and ours.lexname() == theirs.lexname():
                        add(antonyms[Source.DERIVED], PARTS[ours.pos()], [one], [other])
                if synset.pos() == "a":
                    for near in synset.similar_tos():
                        add(antonyms[Source.HEAD], part, near.lemmas(), [opposite])
    return synonyms, antonyms


@pytest.mark.slow
def test_lemma_pairs_are_those_of_nltk(reader: Any, database: Database) -> None:
    synonyms, antonyms = lemma_pairs_by_nltk(reader)
    expected: dict[LemmaPair, Source] = {}
    for source in Source:
        for pair in antonyms[source]:
            expected.setdefault(pair, source)
    inside = {*WORDS}.issuperset
    found = antonym_lemmas(database, max_sense=99)
    alike = {pair for pair in synonym_lemmas(database, max_sense=99) if inside(pair[1:])}

    # Adverbs of adjectives come on top of WordNet's own adverb pairs.
    assert {source for source in Source if antonyms[source]} == set(Source) - {Source.FUNCTION_WORD}
    assert without_adverbs(pair for pair in found if inside(pair[1:])) == without_adverbs(expected)
    assert all(found[pair] is source for pair, source in expected.items())
    assert without_adverbs(alike) == without_adverbs(synonyms)
    assert synonyms <= alike


def without_adverbs(pairs: Iterable[LemmaPair]) -> set[LemmaPair]:
    return {pair for pair in pairs if pair.part != "adv"}


SOURCES = [
    ("adj", "bad", "good", Source.DIRECT),
    ("adj", "good", "terrible", Source.HEAD),  # by way of "bad"
    ("adj", "boring", "entertaining", Source.INDIRECT),  # uninteresting, interesting
    ("adj", "large", "small", Source.DIRECT),
    ("noun", "hater", "lover", Source.DERIVED),
    ("adv", "fiercely", "gently", Source.DERIVED),  # of the adjectives
]


def test_each_source_gives_its_pairs(database: Database) -> None:
    found = antonym_lemmas(database, max_sense=2)
    for part, one, other, source in SOURCES:
        assert found[LemmaPair(part, one, other)] is source


INFLECTED = """
    win wins winning won lose loses losing lost good better best bad worse worst film films
    movie movies with without hot hotter cold colder boring entertaining
"""


@pytest.fixture(scope="module")
def pairs(database: Database) -> WordPairs:
    return word_pairs(database, frozenset(INFLECTED.split()), max_sense=2)


def test_inflections_and_function_words_are_paired(pairs: WordPairs) -> None:
    for pair in (
        ("losing", "winning"),
        ("lost", "won"),
        ("better", "worse"),
        ("best", "worst"),
        ("colder", "hotter"),
        ("boring", "entertaining"),
        ("with", "without"),
    ):
        assert pair in pairs.antonyms
    assert {("film", "movie"), ("films", "movies")} <= set(pairs.synonyms)
    assert ("lost", "winning") not in pairs.antonyms
    assert ("lost", "winning") in pairs.opposites


def test_the_fields_are_ordered_and_consistent(pairs: WordPairs) -> None:
    for field in (pairs.synonyms, pairs.antonyms, pairs.opposites):
        assert field
        assert list(field) == sorted(set(field))
        assert all(one < other for one, other in field)
    assert set(pairs.antonyms) <= set(pairs.opposites)
    assert not set(pairs.synonyms) & set(pairs.opposites)


def test_rare_senses_make_no_synonyms(database: Database) -> None:
    common, every = (synonym_lemmas(database, max_sense) for max_sense in (1, 99))
    assert common < every
    assert LemmaPair("noun", "film", "movie") in common
    assert LemmaPair("noun", "movie", "pic") not in synonym_lemmas(database, 0)


def test_function_words_are_paired_once() -> None:
    opposites = function_word_opposites()
    assert all(one < other for one, other in opposites)
    words = {word for pair in opposites for word in pair}
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words)
    assert {("always", "never"), ("less", "more"), ("everybody", "nobody")} <= opposites
