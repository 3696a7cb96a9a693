"""Comprehensiveness and sufficiency: how a prediction depends on the words called important.

DeYoung et al. 2020, "ERASER: A Benchmark to Evaluate Rationalized NLP Models", section 4.2. With
the probability p of the explained class:

- comprehensiveness is p of the text minus p of the text without its most important words: high if
  the prediction needs them;
- sufficiency is p of the text minus p of these words alone: low if they are enough.

Both are averaged over several shares of the words (AOPC, the area over the perturbation curve), as
the authors' code does (``_instances_aopc`` in ``rationale_benchmark/metrics.py``). The most
important words are those with the highest scores, with their sign. Here their number is rounded up,
so that it is at least 1, and words are removed; the authors leave both to their users. Of a text
that is longer than the model reads, removed words make room for words that were not read before.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from robustbert.data.word_split import WordSplit
from robustbert.explanations.attribution import Attribution
from robustbert.explanations.black_box import without_words
from robustbert.models import Classifier

#: The shares of the words that count as important.
SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)
#: Texts per call of the classifier, at most.
_TEXTS = 1024


@dataclass(frozen=True)
class Erasure:
    """How the probability of the explained class changes if words are removed.

    Args:
        comprehensiveness: for each of :data:`SHARES`, the probability of the text minus that of the
            text without its most important words, -1 to 1.
        sufficiency: likewise, minus that of these words alone.
    """

    comprehensiveness: tuple[float, ...]
    sufficiency: tuple[float, ...]

    @property
    def mean_comprehensiveness(self) -> float:
        """The average over all shares; higher is better."""
        return float(np.mean(self.comprehensiveness))

    @property
    def mean_sufficiency(self) -> float:
        """The average over all shares; lower is better."""
        return float(np.mean(self.sufficiency))


def erase(classifier: Classifier, attributions: Sequence[Attribution]) -> list[Erasure]:
    """Measure comprehensiveness and sufficiency of attributions.

    Args:
        classifier: what they explain.
        attributions: of texts with at least one word.
    """
    rows = _predicted(classifier, [text for one in attributions for text in _variants(one)])
    found = []
    for one in attributions:
        whole, *others = (next(rows)[one.target] for _ in range(1 + 2 * len(SHARES)))
        drops = [float(whole - other) for other in others]
        found.append(Erasure(tuple(drops[: len(SHARES)]), tuple(drops[len(SHARES) :])))
    return found


def num_important(share: float, num_words: int) -> int:
    """The number of words that a share of a text's words is: rounded up.

    >>> [num_important(share, 20) for share in SHARES]
    [1, 1, 2, 4, 10]
    """
    return math.ceil(round(share * num_words, 9))  # 0.1 * 30 is above 3


def _variants(attribution: Attribution) -> Iterator[str]:
    """The text, it without its important words for each share, and these words alone."""
    split = WordSplit.of(attribution.text)
    scores = np.asarray(attribution.scores)
    order = np.argsort(-scores, kind="stable")
    important = np.zeros((len(SHARES), len(scores)), dtype=bool)
    for row, share in zip(important, SHARES, strict=True):
        row[order[: num_important(share, len(scores))]] = True
    yield attribution.text
    yield from (without_words(split, ~row) for row in important)
    yield from (without_words(split, row) for row in important)


def _predicted(classifier: Classifier, texts: Sequence[str]) -> Iterator[np.ndarray]:
    """Yield the probabilities of each text: float64 (k,)."""
    for start in range(0, len(texts), _TEXTS):
        yield from classifier.predict_proba(texts[start : start + _TEXTS]).astype(np.float64)
