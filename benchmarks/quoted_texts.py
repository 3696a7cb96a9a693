"""Count the texts of rotten_tomatoes that a review of imdb quotes.

    python benchmarks/quoted_texts.py [--words 8]

Models that read imdb, such as the masked language model, must not have read the test texts of
rotten_tomatoes. The check for near-duplicates compares texts of similar length, so it does not find
a sentence inside a long review. Here a text of at least so many words counts as quoted if all its
words occur in a row in a review; case and punctuation are ignored.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from collections.abc import Sequence

from robustbert.data import load_dataset

_WORDS = re.compile(r"[a-z0-9]+")


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text without case and punctuation."""
    return tuple(_WORDS.findall(text.lower()))


def quoted(texts: Sequence[str], documents: Sequence[str], least: int) -> tuple[int, int]:
    """How many of the texts with at least ``least`` words a document quotes, and their number."""
    long = [words for words in map(words_of, texts) if len(words) >= least]
    by_start: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, words in enumerate(long):
        by_start[words[:least]].append(index)
    found = set()
    for document in map(words_of, documents):
        for place in range(len(document) - least + 1):
            for index in by_start.get(document[place : place + least], ()):
                if document[place : place + len(long[index])] == long[index]:
                    found.add(index)
    return len(found), len(long)


def main() -> None:
    """Print the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int, default=8, help="of the shortest texts")
    options = parser.parse_args()
    texts, reviews = (
        load_dataset(name, split="all").split("all")["text"] for name in ("rotten_tomatoes", "imdb")
    )
    number, total = quoted(list(texts), list(reviews), options.words)
    print(
        f"{number} of {total:,} texts of rotten_tomatoes with at least {options.words} words are "
        f"in one of {len(reviews):,} reviews of imdb"
    )


if __name__ == "__main__":
    main()
