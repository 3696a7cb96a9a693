"""Recompute a sample of a run's model outputs, one text per batch, to check batch invariance."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

#: The fraction of a run's outputs that is recomputed, and the minimum number of them.
SHARE = 0.001
MIN_SAMPLE = 200
_HASHES = 2**64

Rows = Callable[[Sequence[str]], Any]
"""A function that returns one row of numbers per text, in order."""


@dataclass(frozen=True)
class Recheck:
    """How many outputs were recomputed, and how many of them differed."""

    checked: int
    differing: int


class OutputSample:
    """A wrapper of ``function`` that keeps a sample of its outputs.

    The texts with the smallest hashes are sampled, so that the sample does not depend on the order
    of the calls and on how the texts are divided among them.

    Args:
        function: returns one row of numbers per text.
        seed: at least 0; determines which texts are sampled.
        share: approximate fraction of the distinct texts to sample, in (0, 1].
        min_sample: minimum sample size; if there are fewer texts, all are sampled.

    >>> sample = OutputSample(lambda texts: np.array([[len(text)] for text in texts]), seed=0)
    >>> sample(["a", "bb"]).tolist()
    [[1], [2]]
    >>> sample.recheck(lambda texts: np.array([[1] for _ in texts]))
    Recheck(checked=2, differing=1)
    """

    def __init__(
        self, function: Rows, seed: int, share: float = SHARE, min_sample: int = MIN_SAMPLE
    ) -> None:
        self._function = function
        self._key = seed.to_bytes(8, "big")
        self._always_below = int(share * _HASHES)
        self._min_sample = min_sample
        self._rows: dict[int, tuple[str, np.ndarray]] = {}
        # A max-heap: the negated hashes of the sampled texts that a text with a smaller hash may
        # still replace.
        self._replaceable: list[int] = []

    def __call__(self, texts: Sequence[str]) -> Any:
        """Call the function and sample its outputs."""
        rows = self._function(texts)
        for index, text in enumerate(texts):
            self._offer(text, rows[index])
        return rows

    def recheck(self, compute: Rows) -> Recheck:
        """Recompute the sampled outputs and count the rows that are not bit-identical.

        Args:
            compute: computes the outputs with a batch size of 1, bypassing the cache.
        """
        texts = [text for text, _ in self._rows.values()]
        sampled: Iterable[np.ndarray] = (row for _, row in self._rows.values())
        recomputed = compute(texts) if texts else ()
        differing = sum(
            row.tobytes() != np.asarray(other).tobytes()
            for row, other in zip(sampled, recomputed, strict=True)
        )
        return Recheck(len(texts), differing)

    def _offer(self, text: str, row: Any) -> None:
        digest = hashlib.blake2b(
            text.encode("utf-8", "surrogatepass"), digest_size=8, key=self._key
        ).digest()
        number = int.from_bytes(digest, "big")
        if number in self._rows:
            return
        if number >= self._always_below:
            largest = -self._replaceable[0] if self._replaceable else 0
            if len(self._rows) >= self._min_sample and number >= largest:
                return
            heapq.heappush(self._replaceable, -number)
        self._rows[number] = text, np.array(row)
        if len(self._rows) > self._min_sample and self._replaceable:
            del self._rows[-heapq.heappop(self._replaceable)]
