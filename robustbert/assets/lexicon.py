"""Synonyms and antonyms: WordNet's relations, extended to inflected forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import combinations, product

from robustbert.assets.function_words import function_word_opposites
from robustbert.assets.inflection import Inflector, LemmaPair, lemma_pair
from robustbert.assets.wordnet_database import (
    ADJECTIVE_OF_ADVERB,
    ANTONYM,
    DERIVATIONALLY_RELATED,
    SIMILAR,
    Database,
    SynsetId,
)


class Source(Enum):
    """The relation that an antonym pair comes from; if several apply, the first one listed here.

    WordNet stores antonymy between words, not synsets, and of an adjective cluster only the head
    has antonyms. All other adjectives have indirect antonyms (Gross and Miller 1990, "Adjectives in
    WordNet"): *terrible* is similar to *bad*, whose antonym is *good*.
    """

    DIRECT = "direct"
    """WordNet's own antonyms: *good*, *bad*."""
    HEAD = "head"
    """An adjective and the antonym of the head of its cluster: *terrible*, *good*."""
    INDIRECT = "indirect"
    """Words of two antonymous synsets, or of their clusters: *boring*, *entertaining*."""
    DERIVED = "derived"
    """Words of the same topic derived from antonyms (*winner*, *loser*), or adverbs derived from
    antonymous adjectives."""
    FUNCTION_WORD = "function word"
    """The list in :mod:`robustbert.assets.function_words`: *with*, *without*."""


@dataclass(frozen=True)
class WordPairs:
    """Pairs of words without duplicates; each pair and each field is in alphabetical order.

    Args:
        synonyms: pairs of the same inflection; none is an antonym.
        antonyms: pairs of the same inflection.
        opposites: the antonyms, and all pairs of inflected forms of their lemmas (*winning*,
            *lost*).
    """

    synonyms: tuple[tuple[str, str], ...]
    antonyms: tuple[tuple[str, str], ...]
    opposites: tuple[tuple[str, str], ...]


def word_pairs(database: Database, vocabulary: frozenset[str], max_sense: int) -> WordPairs:
    """The synonyms and antonyms among the words of ``vocabulary``.

    A pair that is both synonymous and antonymous counts as antonyms.

    Args:
        database: WordNet.
        vocabulary: lower-case single words.
        max_sense: how many of each word's most frequent senses are considered.
    """
    inflector = Inflector(vocabulary)
    opposed = antonym_lemmas(database, max_sense)
    antonyms = set(sourced_antonyms(opposed, vocabulary, inflector))
    synonyms = inflector.same_inflection(synonym_lemmas(database, max_sense)) - antonyms
    opposites = inflector.any_inflection(opposed) - synonyms | antonyms
    return WordPairs(tuple(sorted(synonyms)), tuple(sorted(antonyms)), tuple(sorted(opposites)))


def sourced_antonyms(
    opposed: Mapping[LemmaPair, Source], vocabulary: frozenset[str], inflector: Inflector
) -> dict[tuple[str, str], Source]:
    """The antonyms of the same inflection and the function words' opposites, with their sources.

    Args:
        opposed: the result of :func:`antonym_lemmas`.
        vocabulary: lower-case single words.
        inflector: the inflector of ``vocabulary``.
    """
    found: dict[tuple[str, str], Source] = {}
    for source in Source:
        pairs = (pair for pair, of in opposed.items() if of is source)
        for words in inflector.same_inflection(pairs):
            found.setdefault(words, source)
    for words in function_word_opposites():
        if vocabulary.issuperset(words):
            found.setdefault(words, Source.FUNCTION_WORD)
    return found


def synonym_lemmas(database: Database, max_sense: int) -> set[LemmaPair]:
    """Pairs of lemmas that share a synset, and the adverbs of such pairs of adjectives.

    The synset must be among the ``max_sense`` most frequent senses of both lemmas: rare senses give
    pairs that are not interchangeable in practice.
    """
    found = {
        lemma_pair(synset.part, one, other)
        for synset in database.synsets
        for one, other in combinations(database.frequent_words(synset, max_sense), 2)
    }
    return found | set(_adverb_pairs(found, database))


def antonym_lemmas(database: Database, max_sense: int) -> dict[LemmaPair, Source]:
    """Pairs of lemmas with opposite meanings.

    Args:
        database: WordNet.
        max_sense: how many of a word's most frequent senses are considered; direct antonyms
            may have any sense.
    """
    pairs: dict[Source, set[LemmaPair]] = {source: set() for source in Source}
    for synset in database.synsets:
        for one, pointer, other in database.linked_words(synset, ANTONYM):
            pairs[Source.DIRECT].add(lemma_pair(synset.part, one, other))
            pairs[Source.INDIRECT].update(_indirect(synset, pointer.target, database, max_sense))
            pairs[Source.DERIVED].update(_derived(synset, one, pointer.target, other, database))
            for satellite in _satellites(synset, database):
                pairs[Source.HEAD].update(
                    lemma_pair(synset.part, word, other)
                    for word in database.frequent_words(satellite, max_sense)
                )
    found = {pair: source for source in reversed(Source) for pair in pairs[source]}
    for pair in _adverb_pairs(list(found), database):
        found.setdefault(pair, Source.DERIVED)
    return {pair: source for pair, source in found.items() if pair.first != pair.second}


def _satellites(head: SynsetId, database: Database) -> Iterator[SynsetId]:
    """The satellite adjectives of a head adjective; empty for other synsets."""
    if not database.synsets[head].satellite:
        yield from database.linked(head, SIMILAR)


def _indirect(
    synset: SynsetId, opposite: SynsetId, database: Database, max_sense: int
) -> Iterator[LemmaPair]:
    """Each word in the cluster of ``synset`` with each word in the cluster of ``opposite``."""
    ours, theirs = (
        [
            word
            for member in (head, *_satellites(head, database))
            for word in database.frequent_words(member, max_sense)
        ]
        for head in (synset, opposite)
    )
    yield from (lemma_pair(synset.part, one, other) for one, other in product(ours, theirs))


def _derived(
    synset: SynsetId, word: str, opposite: SynsetId, antonym: str, database: Database
) -> Iterator[LemmaPair]:
    """Pairs of words derived from two antonyms, with the same part of speech and topic."""

    def derived_from(lemma: str, start: SynsetId) -> list[tuple[SynsetId, str]]:
        links = database.linked_words(start, DERIVATIONALLY_RELATED)
        return [(pointer.target, other) for source, pointer, other in links if source == lemma]

    for (one, ours), (other, theirs) in product(
        derived_from(word, synset), derived_from(antonym, opposite)
    ):
        topics = {database.synsets[found].topic for found in (one, other)}
        if one != other and one.part == other.part and len(topics) == 1:
            yield lemma_pair(one.part, ours, theirs)


def _adverb_pairs(pairs: Iterable[LemmaPair], database: Database) -> Iterator[LemmaPair]:
    """The adverbs of each pair of adjectives."""
    adverbs: dict[str, set[str]] = {}
    for synset in database.synsets:
        if synset.part == "adv":
            for adverb, _, adjective in database.linked_words(synset, ADJECTIVE_OF_ADVERB):
                adverbs.setdefault(adjective, set()).add(adverb)
    for pair in pairs:
        if pair.part == "adj":
            ours, theirs = (adverbs.get(word, ()) for word in (pair.first, pair.second))
            yield from (
                lemma_pair("adv", one, other)
                for one, other in product(ours, theirs)
                if one != other
            )
