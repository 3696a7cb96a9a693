"""Read WordNet's database files: synsets, their pointers, and the rank of each sense.

NLTK's reader builds an object per lemma. The word vectors need pairs of words only, and one pass
over the text of the files (format: ``wndb(5WN)`` of WordNet 3.0) takes about a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

PARTS_OF_SPEECH = ("adj", "adv", "noun", "verb")

ANTONYM = "!"
SIMILAR = "&"
DERIVATIONALLY_RELATED = "+"
ADJECTIVE_OF_ADVERB = "\\"
_READ = frozenset({ANTONYM, SIMILAR, DERIVATIONALLY_RELATED, ADJECTIVE_OF_ADVERB})

_PARTS = {"a": "adj", "s": "adj", "r": "adv", "n": "noun", "v": "verb"}
_LICENSE = "  "  # how the lines of the licence at the head of each file begin


class SynsetId(NamedTuple):
    """A synset's name: its part of speech and its byte offset in that file."""

    part: str
    offset: int


class Pointer(NamedTuple):
    """A relation from a synset to another.

    Args:
        symbol: the relation, such as :data:`ANTONYM`.
        target: the other synset.
        word: which word of this synset it starts from, from 1; 0 for the whole synset.
        target_word: which word of the other synset it leads to, from 1; 0 for the whole synset.
    """

    symbol: str
    target: SynsetId
    word: int
    target_word: int


@dataclass(frozen=True)
class Synset:
    """Words that share a meaning.

    Args:
        satellite: whether it is an adjective defined by the head adjective it is similar to.
        topic: number of the lexicographer file, such as that of "nouns for feelings".
        words: in lower case, with underscores for spaces, in the order that pointers count them.
        pointers: those of the four relations above.
    """

    satellite: bool
    topic: str
    words: tuple[str, ...]
    pointers: tuple[Pointer, ...]


@dataclass(frozen=True, eq=False)
class Database:
    """WordNet in memory.

    Args:
        synsets: by id, in the order of the files.
        ranks: 1 for a word's most frequent sense, 2 for the next; by word and synset.
    """

    synsets: Mapping[SynsetId, Synset]
    ranks: Mapping[tuple[str, SynsetId], int]

    def usual_words(self, synset: SynsetId, max_sense: int) -> tuple[str, ...]:
        """Single words of ``synset``, where it is one of the ``max_sense`` most frequent senses."""
        words = self.synsets[synset].words
        return tuple(
            word for word in words if "_" not in word and self.ranks[word, synset] <= max_sense
        )

    def linked(self, synset: SynsetId, symbol: str) -> Iterator[SynsetId]:
        """The synsets that pointers with ``symbol`` lead to."""
        for pointer in self.synsets[synset].pointers:
            if pointer.symbol == symbol:
                yield pointer.target

    def linked_words(self, synset: SynsetId, symbol: str) -> Iterator[tuple[str, Pointer, str]]:
        """The word, the pointer and the word it leads to, for pointers from word to word."""
        words = self.synsets[synset].words
        for pointer in self.synsets[synset].pointers:
            if pointer.symbol == symbol and pointer.word:
                target = self.synsets[pointer.target].words[pointer.target_word - 1]
                yield words[pointer.word - 1], pointer, target


def read_database(folder: Path) -> Database:
    """Read the ``data.*`` and ``index.*`` files of ``folder``."""
    synsets: dict[SynsetId, Synset] = {}
    ranks: dict[tuple[str, SynsetId], int] = {}
    for part in PARTS_OF_SPEECH:
        synsets.update(_synsets(part, folder / f"data.{part}"))
        ranks.update(_ranks(part, folder / f"index.{part}"))
    return Database(synsets, ranks)


def _synsets(part: str, path: Path) -> Iterator[tuple[SynsetId, Synset]]:
    for line in _lines(path):
        fields = line.partition("|")[0].split()
        words_end = 4 + 2 * int(fields[3], 16)
        words = tuple(field.partition("(")[0].lower() for field in fields[4:words_end:2])
        first = words_end + 1
        pointers = tuple(
            _pointer(*fields[at : at + 4])
            for at in range(first, first + 4 * int(fields[words_end]), 4)
            if fields[at] in _READ
        )
        yield (
            SynsetId(part, int(fields[0])),
            Synset(fields[2] == "s", fields[1], words, pointers),
        )


def _pointer(symbol: str, offset: str, part: str, ends: str) -> Pointer:
    target = SynsetId(_PARTS[part], int(offset))
    return Pointer(symbol, target, word=int(ends[:2], 16), target_word=int(ends[2:], 16))


def _ranks(part: str, path: Path) -> Iterator[tuple[tuple[str, SynsetId], int]]:
    for line in _lines(path):
        fields = line.split()
        for rank, offset in enumerate(fields[-int(fields[2]) :], start=1):
            yield (fields[0], SynsetId(part, int(offset))), rank


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="ascii") as lines:
        yield from (line for line in lines if not line.startswith(_LICENSE))
