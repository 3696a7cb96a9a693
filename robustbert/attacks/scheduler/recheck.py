"""A sample of the answers of a run, asked again alone: does an answer depend on its batch?"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

#: The share of a run's answers that is asked again, and how many at least.
SHARE = 0.001
LEAST = 200
_HASHES = 2**64

Rows = Callable[[Sequence[str]], Any]
"""One row of numbers for each text, in order."""


@dataclass(frozen=True)
class Recheck:
    """How many answers were asked again, and how many of them came out differently."""

    checked: int
    differing: int


class AnswerSample:
    """``function``, and a sample of the answers that it gave.

    The sample is drawn by the texts' hashes: those with the least of them, whatever the order and
    the batches in which texts are asked.

    Args:
        function: gives a row of numbers for each text.
        seed: at least 0; another seed draws other texts.
        share: of the distinct texts, about how many are drawn; in (0, 1].
        least: how many are drawn at least, as far as there are so many.

    >>> sample = AnswerSample(lambda texts: np.array([[len(text)] for text in texts]), seed=0)
    >>> sample(["a", "bb"]).tolist()
    [[1], [2]]
    >>> sample.recheck(lambda texts: np.array([[1] for _ in texts]))
    Recheck(checked=2, differing=1)
    """

    def __init__(self, function: Rows, seed: int, share: float = SHARE, least: int = LEAST) -> None:
        self._function = function
        self._key = seed.to_bytes(8, "big")
        self._certain = int(share * _HASHES)
        self._least = least
        self._drawn: dict[int, tuple[str, np.ndarray]] = {}
        self._largest: list[int] = []  # a heap of the negatives of drawn hashes that may have to go

    def __call__(self, texts: Sequence[str]) -> Any:
        """What the function answers."""
        rows = self._function(texts)
        for place, text in enumerate(texts):
            self._offer(text, rows[place])
        return rows

    def recheck(self, alone: Rows) -> Recheck:
        """Ask for the sample again and count the rows that differ in any bit.

        Args:
            alone: computes each text by itself, and remembers nothing.
        """
        texts = [text for text, _ in self._drawn.values()]
        given: Iterable[np.ndarray] = (row for _, row in self._drawn.values())
        again = alone(texts) if texts else ()
        differing = sum(
            row.tobytes() != np.asarray(other).tobytes()
            for row, other in zip(given, again, strict=True)
        )
        return Recheck(len(texts), differing)

    def _offer(self, text: str, row: Any) -> None:
        digest = hashlib.blake2b(
            text.encode("utf-8", "surrogatepass"), digest_size=8, key=self._key
        ).digest()
        number = int.from_bytes(digest, "big")
        if number in self._drawn:
            return
        if number >= self._certain:
            largest = -self._largest[0] if self._largest else 0
            if len(self._drawn) >= self._least and number >= largest:
                return
            heapq.heappush(self._largest, -number)
        self._drawn[number] = text, np.array(row)
        if len(self._drawn) > self._least and self._largest:
            del self._drawn[-heapq.heappop(self._largest)]
