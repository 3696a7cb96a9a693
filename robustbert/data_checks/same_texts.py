"""Rows with the same text, and with nearly the same text."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.data.near_duplicates import NearDuplicates, near_duplicates


@dataclass(frozen=True)
class SameTexts:
    """The rows of a dataset, grouped by text; rows without a text are in no group.

    Attributes:
        groups: the positions of the rows with one text, in ascending order, per text.
        pairs: pairs of groups whose texts are near-duplicates; ``first`` and ``second`` are
            indices into ``groups``.
    """

    groups: tuple[tuple[int, ...], ...]
    pairs: tuple[NearDuplicates, ...]

    def clusters(self) -> list[list[int]]:
        """The positions of rows that are linked by pairs, directly or not, per cluster."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        size = len(self.groups)
        if not size:
            return []
        firsts = [pair.first for pair in self.pairs]
        seconds = [pair.second for pair in self.pairs]
        graph = coo_array(([1] * len(self.pairs), (firsts, seconds)), shape=(size, size))
        count, cluster_of = connected_components(graph, directed=False)
        clusters: list[list[int]] = [[] for _ in range(count)]
        for positions, cluster in zip(self.groups, cluster_of, strict=True):
            clusters[cluster] += positions
        return clusters


def normalize_text(text: str) -> str:
    r"""Normalize what does not distinguish texts: case, white space and forms of characters.

    >>> normalize_text(" A\u00a0 Fine  \ufb01lm\n")
    'a fine film'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def group_texts(texts: Sequence[str], compared: Sequence[str] | None = None) -> SameTexts:
    """Group rows by text, and find the pairs of groups that are near-duplicates.

    Args:
        texts: one text per row.
        compared: per row, the part of the text in which near-duplicates are found; None for the
            whole text.
    """
    positions_of: dict[str, list[int]] = {}
    for position, text in enumerate(texts):
        if key := normalize_text(text):
            positions_of.setdefault(key, []).append(position)
    groups = tuple(map(tuple, positions_of.values()))
    parts = compared or texts
    pairs = near_duplicates([parts[positions[0]] for positions in groups])
    return SameTexts(groups, pairs)
