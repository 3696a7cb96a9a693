"""Evaluate the word vectors on a copy of SimLex-999 that the user provides."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from robustbert.assets.asset_registry import load_word_vectors
from robustbert.errors import InputError


@dataclass(frozen=True)
class SimlexResult:
    """How well the vectors rank pairs of words by similarity.

    Args:
        spearman: rank correlation of cosines with human ratings, between -1 and 1.
        pairs: the number of pairs compared.
        missing: the number of pairs excluded because a word has no vector.
    """

    spearman: float
    pairs: int
    missing: int


def simlex_correlation(path: Path) -> SimlexResult:
    """Compare the word vectors with ``SimLex-999.txt``.

    Hill, Reichart and Korhonen 2015, "SimLex-999: Evaluating Semantic Models with (Genuine)
    Similarity Estimation". The file is not part of robustbert.

    Args:
        path: tab-separated, with the columns ``word1``, ``word2`` and ``SimLex999``.

    Raises:
        InputError: there is no such file, a column is missing, a rating is not a number, or fewer
            than two pairs have vectors.
    """
    from scipy.stats import spearmanr

    vectors = load_word_vectors()
    row = {word: number for number, word in enumerate(vectors.words)}
    rated = _read(path)
    known = [pair for pair in rated if pair.first in row and pair.second in row]
    if len(known) < 2:
        raise InputError(f"{path}: {len(known)} pairs have vectors, but at least two are needed")
    cosines = [
        float(vectors.vectors[row[pair.first]] @ vectors.vectors[row[pair.second]])
        for pair in known
    ]
    correlation = spearmanr(cosines, [pair.rating for pair in known]).statistic
    return SimlexResult(float(correlation), len(known), len(rated) - len(known))


@dataclass(frozen=True)
class _Pair:
    first: str
    second: str
    rating: float


def _read(path: Path) -> list[_Pair]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [
                _Pair(line["word1"].lower(), line["word2"].lower(), float(line["SimLex999"]))
                for line in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            ]
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{path} is not SimLex-999 ({error}); it needs tab-separated columns word1, word2 "
            "and SimLex999"
        ) from error
