"""TF-IDF features, computed from stored arrays, a row at a time."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

#: The longest run of words that is a term of a stored model; fitted ones stop at 2.
LONGEST_NGRAM = 10
#: The inverse document frequencies of a stored model lie between this and its inverse. Fitted
#: ones are 1 and more; 0 would leave a text without length.
LEAST_IDF = 1e-6
#: Words of two letters or more, as scikit-learn's vectorizers find them.
TOKEN_PATTERN = r"(?u)\b\w\w+\b"


@dataclass(frozen=True, eq=False)
class TfidfFeatures:
    """Sublinear term frequency times inverse document frequency, rows of Euclidean length 1.

    The same numbers as scikit-learn's ``TfidfVectorizer(sublinear_tf=True)`` with the same
    vocabulary (tested), from data that can be stored without pickles.

    Args:
        terms: the vocabulary, in the order of columns.
        idf: float64 (columns,): a weight for each term.
        longest_ngram: words and runs of words up to this many are terms.
    """

    terms: tuple[str, ...]
    idf: np.ndarray
    longest_ngram: int
    _columns: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Index the terms."""
        object.__setattr__(self, "_columns", {term: i for i, term in enumerate(self.terms)})

    def transform(self, texts: Sequence[str]) -> Any:
        """The features of texts: a ``scipy.sparse.csr_matrix``, float64 (n, columns).

        A text without any known term has a row of zeros.
        """
        from scipy.sparse import csr_matrix

        columns: list[int] = []
        values: list[float] = []
        starts = [0]
        for text in texts:
            row = self._row(text)
            columns += row.keys()
            values += row.values()
            starts.append(len(columns))
        shape = (len(starts) - 1, len(self.terms))
        return csr_matrix(
            (np.array(values), np.array(columns, dtype=np.int64), np.array(starts)), shape=shape
        )

    def _row(self, text: str) -> dict[int, float]:
        words = re.findall(TOKEN_PATTERN, text.lower())
        counts = Counter(
            column
            for size in range(1, self.longest_ngram + 1)
            for start in range(len(words) - size + 1)
            if (column := self._columns.get(" ".join(words[start : start + size]))) is not None
        )
        weights = {
            column: (math.log(counts[column]) + 1.0) * float(self.idf[column])
            for column in sorted(counts)
        }
        # fsum is exact, so the length does not depend on the order of the sum.
        length = math.sqrt(math.fsum(weight * weight for weight in weights.values()))
        return {column: weight / length for column, weight in weights.items()}
