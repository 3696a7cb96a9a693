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
# The largest difference of two probabilities that rounding explains.
_TOLERANCE = 1e-3
_TOLERANCE_BFLOAT16 = 2e-2
_HASHES = 2**64

Rows = Callable[[Sequence[str]], Any]
"""A function that returns one row of numbers per text, in order."""


def rounding_tolerance(dtype: str) -> float:
    """The largest difference of two probabilities that rounding in this dtype explains."""
    return _TOLERANCE_BFLOAT16 if dtype == "bfloat16" else _TOLERANCE


@dataclass(frozen=True)
class Recheck:
    """How many outputs were recomputed, and how many of them differed.

    Args:
        checked: number of rows that were recomputed.
        differing: number of these that are not bit-identical.
        changed: number of these in which a value differs by more than the tolerance.
    """

    checked: int
    differing: int
    changed: int


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
    Recheck(checked=2, differing=1, changed=1)
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

    def recheck(self, compute: Rows, tolerance: float = _TOLERANCE) -> Recheck:
        """Recompute the sampled outputs and count the rows that differ.

        Args:
            compute: computes the outputs with a batch size of 1, bypassing the cache.
            tolerance: the largest difference of two values that rounding explains.
        """
        texts = [text for text, _ in self._rows.values()]
        recomputed: Iterable[Any] = compute(texts) if texts else ()
        differing = [
            (row, np.asarray(other))
            for (_, row), other in zip(self._rows.values(), recomputed, strict=True)
            if row.tobytes() != np.asarray(other).tobytes()
        ]
        changed = sum(
            not np.allclose(row, other, rtol=0, atol=tolerance, equal_nan=True)
            for row, other in differing
        )
        return Recheck(len(texts), len(differing), changed)

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
