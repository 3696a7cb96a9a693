"""Synonyms and antonyms, read straight from WordNet's database files.

NLTK's reader builds an object a synset; the vectors need word pairs alone, and a pass over the text
of the files (format: ``wndb(5WN)`` of WordNet 3.0) finds them in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PARTS_OF_SPEECH = ("adj", "adv", "noun", "verb")
_ANTONYM = "!"
_SIMILAR = "&"
_SATELLITE = "s"


@dataclass(frozen=True)
class WordPairs:
    """Pairs of words, each pair and the whole in alphabetical order, without repeats."""

    synonyms: tuple[tuple[str, str], ...]
    antonyms: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Pointer:
    symbol: str
    offset: int
    source: int  # 1-based word of this synset; 0: the synset as a whole
    target: int


@dataclass(frozen=True)
class _Synset:
    kind: str
    words: tuple[str, ...]
    pointers: tuple[_Pointer, ...]


def word_pairs(wordnet: Path, vocabulary: frozenset[str], max_sense: int) -> WordPairs:
    """The synonyms and antonyms of WordNet among the words of ``vocabulary``.

    Two words are synonyms when a synset holds both and the sense is one of the first ``max_sense``
    of each: senses are ordered by frequency, and a rare sense makes pairs such as *film* and
    *cinema*'s *pic* no reader would exchange. Antonyms are WordNet's own, and for an adjective
    satellite also the opposites of the head it is similar to (Gross and Miller 1990, "Adjectives in
    WordNet": *terrible* is like *bad*, whose antonym is *good*). A pair that is both is an antonym.

    Args:
        wordnet: the folder with ``data.*`` and ``index.*``.
        vocabulary: lower-case single words.
        max_sense: how many senses of each word count, from the most frequent.
    """
    synonyms: set[tuple[str, str]] = set()
    antonyms: set[tuple[str, str]] = set()
    for part in PARTS_OF_SPEECH:
        synsets = dict(_synsets(wordnet / f"data.{part}"))
        ranks = _sense_ranks(wordnet / f"index.{part}")
        for offset, synset in synsets.items():
            common = [
                word
                for word in synset.words
                if word in vocabulary and ranks.get((word, offset), max_sense + 1) <= max_sense
            ]
            synonyms.update(_pair(a, b) for a in common for b in common if a != b)
            antonyms.update(
                _pair(word, opposite)
                for word, opposite in _opposites(offset, synset, synsets, ranks, max_sense)
                if word in vocabulary and opposite in vocabulary
            )
    return WordPairs(tuple(sorted(synonyms - antonyms)), tuple(sorted(antonyms)))


def _pair(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)


def _direct(synset: _Synset, synsets: dict[int, _Synset]) -> Iterator[tuple[str, str]]:
    for pointer in synset.pointers:
        if pointer.symbol == _ANTONYM and pointer.source and pointer.offset in synsets:
            other = synsets[pointer.offset].words[pointer.target - 1]
            yield synset.words[pointer.source - 1], other


def _opposites(
    offset: int,
    synset: _Synset,
    synsets: dict[int, _Synset],
    ranks: dict[tuple[str, int], int],
    max_sense: int,
) -> Iterator[tuple[str, str]]:
    yield from _direct(synset, synsets)
    if synset.kind != _SATELLITE:
        return
    usual = [w for w in synset.words if ranks.get((w, offset), max_sense + 1) <= max_sense]
    for pointer in synset.pointers:
        if pointer.symbol == _SIMILAR:
            for _, opposite in _direct(synsets[pointer.offset], synsets):
                yield from ((word, opposite) for word in usual)


def _synsets(path: Path) -> Iterator[tuple[int, _Synset]]:
    """Offset and synset of every line of a ``data`` file."""
    with path.open(encoding="ascii") as lines:
        for line in lines:
            if line.startswith("  "):  # the licence
                continue
            fields = line.partition("|")[0].split()
            count = int(fields[3], 16)
            words = tuple(
                field.partition("(")[0].lower() for field in fields[4 : 4 + 2 * count : 2]
            )
            start = 4 + 2 * count
            pointers = tuple(
                _pointer(*fields[at : at + 4])
                for at in range(start + 1, start + 1 + 4 * int(fields[start]), 4)
                if fields[at] in (_ANTONYM, _SIMILAR)
            )
            yield int(fields[0]), _Synset(fields[2], words, pointers)


def _pointer(symbol: str, offset: str, part: str, ends: str) -> _Pointer:
    return _Pointer(symbol, int(offset), source=int(ends[:2], 16), target=int(ends[2:], 16))


def _sense_ranks(path: Path) -> dict[tuple[str, int], int]:
    """1 for a word's most frequent sense, 2 for the next; keyed by word and synset offset."""
    ranks: dict[tuple[str, int], int] = {}
    with path.open(encoding="ascii") as lines:
        for line in lines:
            if line.startswith("  "):
                continue
            fields = line.split()
            senses = fields[-int(fields[2]) :]
            for rank, offset in enumerate(senses, start=1):
                ranks[fields[0], int(offset)] = rank
    return ranks
