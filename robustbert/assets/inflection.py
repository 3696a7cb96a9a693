"""Inflected forms of English lemmas, and pairs of words in the same inflection.

The forms, irregular ones included, come from lemminflect's dictionary (the SPECIALIST Lexicon of
the US National Library of Medicine).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import NamedTuple, TypeAlias

_UNIVERSAL = {"adj": "ADJ", "adv": "ADV", "noun": "NOUN", "verb": "VERB"}
_BASE = {"adj": "JJ", "adv": "RB", "noun": "NN", "verb": "VB"}


# The forms of a lemma by Penn tag.
_Forms: TypeAlias = Mapping[str, tuple[str, ...]]


class LemmaPair(NamedTuple):
    """Two lemmas of the same part of speech, in alphabetical order.

    Args:
        part: ``"adj"``, ``"adv"``, ``"noun"`` or ``"verb"``.
        first: the alphabetically first lemma.
        second: the other lemma.
    """

    part: str
    first: str
    second: str


def lemma_pair(part: str, one: str, other: str) -> LemmaPair:
    """The pair of two lemmas in any order."""
    return LemmaPair(part, one, other) if one < other else LemmaPair(part, other, one)


def inflected_forms(lemma: str, part: str) -> Mapping[str, tuple[str, ...]]:
    """The forms of a lemma by Penn tag, including the lemma itself.

    Args:
        lemma: a lemma in lower case. If it is not in the dictionary, its only form is itself.
        part: ``"adj"``, ``"adv"``, ``"noun"`` or ``"verb"``.

    >>> sorted(inflected_forms("win", "verb"))
    ['VB', 'VBD', 'VBG', 'VBN', 'VBZ']
    >>> inflected_forms("good", "adj")["JJR"]
    ('better',)
    """
    from lemminflect import getAllInflections

    forms: dict[str, tuple[str, ...]] = dict(getAllInflections(lemma, upos=_UNIVERSAL[part]))
    forms.pop("VBP", None)  # identical to the lemma, except for "be"
    forms[_BASE[part]] = (lemma,)
    if "VBD" in forms:  # the dictionary omits a participle that equals the past tense
        forms.setdefault("VBN", forms["VBD"])
    return forms


class Inflector:
    """Inflections within a vocabulary.

    Args:
        vocabulary: lower-case single words; other forms are omitted.
    """

    def __init__(self, vocabulary: frozenset[str]) -> None:
        self._vocabulary = vocabulary
        self._known: dict[tuple[str, str], Mapping[str, tuple[str, ...]]] = {}

    def forms(self, lemma: str, part: str) -> Mapping[str, tuple[str, ...]]:
        """:func:`inflected_forms` within the vocabulary; tags without a form are omitted."""
        key = (lemma, part)
        if key not in self._known:
            several_words = "_" in lemma  # WordNet's notation
            every = {} if several_words else inflected_forms(lemma, part)
            inside = {
                tag: tuple(form for form in forms if form in self._vocabulary)
                for tag, forms in every.items()
            }
            self._known[key] = {tag: forms for tag, forms in inside.items() if forms}
        return self._known[key]

    def same_inflection(self, pairs: Iterable[LemmaPair]) -> set[tuple[str, str]]:
        """Pairs of forms with the same tag, such as (losing, winning) from (lose, win).

        Returns:
            Different words, each pair in alphabetical order.
        """
        return {
            words
            for ours, theirs in self._forms_of_both(pairs)
            for tag in ours.keys() & theirs.keys()
            for words in _different(ours[tag], theirs[tag])
        }

    def any_inflection(self, pairs: Iterable[LemmaPair]) -> set[tuple[str, str]]:
        """All pairs of a form of one lemma and a form of the other, such as (lost, winning).

        Returns:
            Different words, each pair in alphabetical order.
        """
        return {
            words
            for ours, theirs in self._forms_of_both(pairs)
            for words in _different(_flat(ours), _flat(theirs))
        }

    def _forms_of_both(self, pairs: Iterable[LemmaPair]) -> Iterator[tuple[_Forms, _Forms]]:
        for pair in pairs:
            yield self.forms(pair.first, pair.part), self.forms(pair.second, pair.part)


def _flat(forms: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(form for tagged in forms.values() for form in tagged)


def _different(ours: Iterable[str], theirs: Iterable[str]) -> Iterator[tuple[str, str]]:
    for one, other in product(ours, theirs):
        if one != other:
            yield (one, other) if one < other else (other, one)
