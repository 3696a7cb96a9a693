"""Texts that are almost the same: MinHash finds candidates, exact Jaccard similarity decides.

After Broder 1997, "On the resemblance and containment of documents": a text is the set of its
three-word sequences, and two texts are near-duplicates where the sets' Jaccard similarity is at
least 0.5. A text of fewer than 10 words says something else with one word changed, so it is a
near-duplicate only of a text with the same words. MinHash with banding (``datasketch``) finds a
pair of similarity s with probability 1 - (1 - s^3)^30: 98% at that threshold, more than 99.9% from
0.6 on.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

#: Texts from this Jaccard similarity on are near-duplicates.
THRESHOLD = 0.5
_SHINGLE_WORDS = 3
_LEAST_WORDS = 10
_BANDS, _ROWS = 30, 3
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, order=True)
class NearDuplicates:
    """Two near-duplicates by their positions, the first one smaller, with their similarity."""

    first: int
    second: int
    similarity: float


def near_duplicates(
    texts: Sequence[str], threshold: float = THRESHOLD
) -> tuple[NearDuplicates, ...]:
    """Find the pairs of texts that are almost the same; case and punctuation do not count.

    Args:
        texts: the texts.
        threshold: the least Jaccard similarity of their three-word sequences, in (0, 1].

    Returns:
        the pairs, sorted by position. About 2% of those close to the default threshold are missed,
        more at lower ones.

    >>> near_duplicates(["A fine film, of course.", "a fine film - of course", "A dull film."])
    (NearDuplicates(first=0, second=1, similarity=1.0),)
    """
    from datasketch import MinHash, MinHashLSH

    shingles = [_shingles(text) for text in texts]
    empty = MinHash(num_perm=_BANDS * _ROWS, seed=1, hashfunc=zlib.crc32)
    index = MinHashLSH(num_perm=_BANDS * _ROWS, params=(_BANDS, _ROWS))
    found = []
    for second, members in enumerate(shingles):
        signature = empty.copy()
        signature.update_batch([member.encode("utf-8", "surrogatepass") for member in members])
        for first in index.query(signature):
            similarity = _jaccard(shingles[first], members)
            if similarity >= threshold:
                found.append(NearDuplicates(first, second, similarity))
        index.insert(second, signature, check_duplication=False)
    return tuple(sorted(found))


def _shingles(text: str) -> frozenset[str]:
    words = _WORD.findall(text.lower())
    if len(words) < _LEAST_WORDS:
        return frozenset([" ".join(words) or text])
    starts = range(len(words) - _SHINGLE_WORDS + 1)
    return frozenset(" ".join(words[start : start + _SHINGLE_WORDS]) for start in starts)


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)
