"""A bounded cache in front of a function of texts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np

#: Default maximum number of cached texts. Attacks on one model, or on one dataset, query many texts
#: repeatedly. With its text, an entry takes about 0.5 kB (probabilities) or 2 kB (an embedding).
CAPACITY = 400_000


class OutputCache:
    """Cache the rows that a function returns for texts; evict the oldest entries first.

    If ``function`` is batch invariant (the row of a text depends on that text alone, bit for bit),
    caching affects the speed but not the results.

    Args:
        function: maps n distinct texts to an array of shape (n, d).
        capacity: maximum number of cached texts, at least 1.

    Attributes:
        computed: number of texts passed to ``function`` so far (cache misses).

    >>> lengths = OutputCache(lambda texts: np.array([[len(text)] for text in texts]))
    >>> lengths(["a", "bb", "a"]).tolist(), lengths(["bb", "ccc"]).tolist(), lengths.computed
    ([[1], [2], [1]], [[2], [3]], 3)
    """

    def __init__(
        self, function: Callable[[Sequence[str]], np.ndarray], capacity: int = CAPACITY
    ) -> None:
        self._function = function
        self._capacity = capacity
        self._rows: OrderedDict[str, np.ndarray] = OrderedDict()
        self.computed = 0

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Return the rows of ``texts``, in order: shape (n, d)."""
        missing = list(dict.fromkeys(text for text in texts if text not in self._rows))
        rows = self._function(missing)
        self.computed += len(missing)
        # Copies, because a view would keep the whole array of its call in memory.
        new = {text: row.copy() for text, row in zip(missing, rows, strict=True)}
        found = [new[text] if text in new else self._rows[text] for text in texts]
        self._rows.update(new)
        while len(self._rows) > self._capacity:
            self._rows.popitem(last=False)
        return np.stack(found) if found else rows
