"""TF-IDF features, computed row by row from stored arrays."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

#: The maximum n-gram length of a stored model; fitted models use at most 2.
MAX_NGRAM = 10
#: The minimum inverse document frequency of a stored model; the maximum is 1 / MIN_IDF. The values
#: of fitted models are at least 1; a value of 0 could give rows of norm 0, which cannot be
#: normalized.
MIN_IDF = 1e-6
#: Words of at least two letters or digits, as in scikit-learn's vectorizers.
TOKEN_PATTERN = r"(?u)\b\w\w+\b"


def tfidf_vectorizer(longest_ngram: int) -> Any:
    """Make the ``TfidfVectorizer`` that classical models are fitted with.

    It raises ``ValueError`` if no term occurs in two of the texts that it is fitted to.

    Args:
        longest_ngram: the maximum n-gram length of a term.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        sublinear_tf=True, min_df=2, ngram_range=(1, longest_ngram), token_pattern=TOKEN_PATTERN
    )


@dataclass(frozen=True, eq=False)
class TfidfFeatures:
    """Sublinear term frequency times inverse document frequency, L2-normalized.

    The same values as scikit-learn's ``TfidfVectorizer(sublinear_tf=True)`` with the same
    vocabulary (tested), from data that can be stored without pickles.

    Args:
        terms: the vocabulary, in the order of columns.
        idf: float64 (columns,): the inverse document frequency of each term.
        longest_ngram: the maximum n-gram length of a term.
    """

    terms: tuple[str, ...]
    idf: np.ndarray
    longest_ngram: int
    _columns: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Map terms to columns."""
        object.__setattr__(self, "_columns", {term: i for i, term in enumerate(self.terms)})

    def transform(self, texts: Sequence[str]) -> Any:
        """Compute features: a ``scipy.sparse.csr_matrix``, float64 (n, columns).

        A text without known terms has a row of zeros.
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
        # fsum is exact, so the norm does not depend on the order of the sum.
        norm = math.sqrt(math.fsum(weight * weight for weight in weights.values()))
        return {column: weight / norm for column, weight in weights.items()}
