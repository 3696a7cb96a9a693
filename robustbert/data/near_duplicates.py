"""Near-duplicate texts: MinHash candidates, checked by their exact Jaccard similarity.

After Broder 1997, "On the resemblance and containment of documents": a text is represented by the
set of its three-word sequences, and two texts are near-duplicates if the Jaccard similarity of the
sets is at least 0.5. In a text of fewer than 10 words one changed word changes the meaning, so it
is a near-duplicate only of a text with the same words. MinHash (``datasketch``) with banding finds
a pair of similarity s with probability 1 - (1 - s^3)^30: 98% at that threshold, and more than 99.9%
at 0.6 or above.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The minimum Jaccard similarity of near-duplicates.
THRESHOLD = 0.5
_SHINGLE_WORDS = 3
_MIN_WORDS = 10
_BANDS, _ROWS = 30, 3
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, order=True)
class NearDuplicates:
    """The positions of two near-duplicates, the smaller first, and their similarity."""

    first: int
    second: int
    similarity: float


def near_duplicates(
    texts: Sequence[str], threshold: float = THRESHOLD
) -> tuple[NearDuplicates, ...]:
    """Find the pairs of near-duplicate texts, ignoring case and punctuation.

    Args:
        texts: the texts.
        threshold: the minimum Jaccard similarity of their three-word sequences, in (0, 1].

    Returns:
        The pairs, sorted by position. About 2% of the pairs near the default threshold are missed,
        and more at lower thresholds.

    >>> near_duplicates(["A fine film, of course.", "a fine film - of course", "A dull film."])
    (NearDuplicates(first=0, second=1, similarity=1.0),)
    """
    shingles = [_shingles(text) for text in texts]
    found = []
    for second, groups in _groups(_signatures(shingles)).items():
        for first in set[int]().union(*groups):
            if first < second:
                similarity = _jaccard(shingles[first], shingles[second])
                if similarity >= threshold:
                    found.append(NearDuplicates(first, second, similarity))
    return tuple(sorted(found))


def _signatures(shingles: Sequence[frozenset[str]]) -> NDArray[np.integer]:
    """One MinHash signature per row."""
    import numpy as np
    from datasketch import MinHash

    minhash = MinHash(num_perm=_BANDS * _ROWS, seed=1, hashfunc=zlib.crc32)
    signatures = np.empty((len(shingles), _BANDS * _ROWS), minhash.hashvalues.dtype)
    for signature, members in zip(signatures, shingles, strict=True):
        minhash.clear()
        minhash.update_batch([member.encode("utf-8", "surrogatepass") for member in members])
        signature[:] = minhash.hashvalues
    return signatures


def _groups(signatures: NDArray[np.integer]) -> dict[int, list[list[int]]]:
    """For each row, the groups of at least two rows that are equal in a band.

    The groups are those of ``datasketch.MinHashLSH``, which takes several times as long.
    """
    import numpy as np

    groups: dict[int, list[list[int]]] = defaultdict(list)
    for band in np.split(signatures, _BANDS, axis=1):
        order = np.lexsort(band.T)
        differs = (band[order[1:]] != band[order[:-1]]).any(axis=1)
        for rows in np.split(order, np.flatnonzero(differs) + 1):
            if len(rows) > 1:
                group = rows.tolist()
                for row in group:
                    groups[row].append(group)
    return groups


def _shingles(text: str) -> frozenset[str]:
    words = _WORD.findall(text.lower())
    if len(words) < _MIN_WORDS:
        return frozenset([" ".join(words) or text])
    starts = range(len(words) - _SHINGLE_WORDS + 1)
    return frozenset(" ".join(words[start : start + _SHINGLE_WORDS]) for start in starts)


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)
