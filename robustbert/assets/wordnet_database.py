"""Read WordNet's database files: synsets, their pointers, and the rank of each sense.

NLTK's reader builds one object per lemma. The word vectors need only pairs of words, which are
collected in a single pass over the files (format: ``wndb(5WN)`` of WordNet 3.0), in about a second.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
_LICENSE = "  "  # the prefix of the licence lines at the head of each file


class SynsetId(NamedTuple):
    """The key of a synset: its part of speech, and its byte offset in the file of that part."""

    part: str
    offset: int


class Pointer(NamedTuple):
    """A relation from one synset to another.

    Args:
        symbol: the relation, such as :data:`ANTONYM`.
        target: the other synset.
        word: the 1-based index of the source word in this synset; 0 for the whole synset.
        target_word: the 1-based index of the target word in the other synset; 0 for the whole
            synset.
    """

    symbol: str
    target: SynsetId
    word: int
    target_word: int


@dataclass(frozen=True)
class Synset:
    """Words that share a meaning.

    Args:
        satellite: whether it is a satellite adjective, one in the cluster of a head adjective.
        topic: the number of the lexicographer file, such as that of nouns denoting feelings.
        words: in lower case, with underscores for spaces, in the order used by the indices of
            pointers.
        pointers: the pointers of the four relations above.
    """

    satellite: bool
    topic: str
    words: tuple[str, ...]
    pointers: tuple[Pointer, ...]


@dataclass(frozen=True, eq=False)
class Database:
    """WordNet in memory.

    Args:
        synsets: the synsets by id, in the order of the files.
        ranks: the rank of each sense by word and synset: 1 for the word's most frequent sense.
    """

    synsets: Mapping[SynsetId, Synset]
    ranks: Mapping[tuple[str, SynsetId], int]

    def frequent_words(self, synset: SynsetId, max_sense: int) -> tuple[str, ...]:
        """The single words of a synset that is one of their ``max_sense`` most frequent senses."""
        words = self.synsets[synset].words
        return tuple(
            word for word in words if "_" not in word and self.ranks[word, synset] <= max_sense
        )

    def linked(self, synset: SynsetId, symbol: str) -> Iterator[SynsetId]:
        """The target synsets of the pointers with ``symbol``."""
        for pointer in self.synsets[synset].pointers:
            if pointer.symbol == symbol:
                yield pointer.target

    def linked_words(self, synset: SynsetId, symbol: str) -> Iterator[tuple[str, Pointer, str]]:
        """Source word, pointer and target word of each pointer between two words."""
        words = self.synsets[synset].words
        for pointer in self.synsets[synset].pointers:
            if pointer.symbol == symbol and pointer.word:
                target = self.synsets[pointer.target].words[pointer.target_word - 1]
                yield words[pointer.word - 1], pointer, target


def read_database(folder: Path) -> Database:
    """Read the ``data.*`` and ``index.*`` files of ``folder``."""
    synsets: dict[SynsetId, Synset] = {}
    ranks: dict[tuple[str, SynsetId], int] = {}
    with _no_garbage_collection():
        for part in PARTS_OF_SPEECH:
            synsets.update(_synsets(part, folder / f"data.{part}"))
            ranks.update(_ranks(part, folder / f"index.{part}"))
    return Database(synsets, ranks)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Pause the search for cycles, which takes more time than reading: all objects are kept."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


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
