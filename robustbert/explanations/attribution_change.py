"""What an attack does to an explanation: attributions of a text before and after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robustbert.errors import InputError
from robustbert.explanations.attribution import Attribution

#: With fewer aligned words there is no rank correlation.
MIN_ALIGNED = 3


@dataclass(frozen=True)
class AttributionChange:
    """Attributions of an original text compared with those of its adversarial version.

    Args:
        num_words: the number of words of the original.
        num_aligned: the number of words that have a counterpart in the adversarial text: the same
            word, or the one that replaced it.
        rank_correlation: Spearman's, between the scores of aligned words, -1 to 1; None if fewer
            than 3 words are aligned, or all scores of a text are equal.
        num_changed: the number k of words of the original that were replaced or removed.
        num_changed_in_top: how many of them are among the k words with the largest absolute scores
            before the attack.
    """

    num_words: int
    num_aligned: int
    rank_correlation: float | None
    num_changed: int
    num_changed_in_top: int

    @property
    def share_in_top(self) -> float | None:
        """The share of changed words in the top k; None if only words were inserted."""
        return self.num_changed_in_top / self.num_changed if self.num_changed else None

    @property
    def share_by_chance(self) -> float | None:
        """The expected share if the k changed words were drawn at random: k of n words."""
        return self.num_changed / self.num_words if self.num_changed else None


def attribution_change(before: Attribution, after: Attribution) -> AttributionChange:
    """Compare the attributions of a text before and after an attack.

    Words are aligned with the minimum number of edits, as in
    :func:`robustbert.reports.word_diff.word_diff`. A word that was replaced by several is aligned
    with one of them.

    Args:
        before: of the original text.
        after: of the adversarial text, for the same class and by the same method.

    Raises:
        InputError: they explain different classes, or were computed by different methods.

    >>> before = Attribution("a b c", ("a", "b", "c"), (), (0.1, 0.9, 0.3), 1, "", 1, 1, "")
    >>> after = Attribution("a d c", ("a", "d", "c"), (), (0.1, 0.2, 0.3), 1, "", 0, 0, "")
    >>> attribution_change(before, after)  # doctest: +NORMALIZE_WHITESPACE
    AttributionChange(num_words=3, num_aligned=3, rank_correlation=0.5, num_changed=1,
                      num_changed_in_top=1)
    """
    from rapidfuzz.distance import Levenshtein

    if (before.target, before.method, before.params) != (after.target, after.method, after.params):
        raise InputError(
            "the attributions explain different classes or are of different methods; explain both "
            "texts with the same target and method"
        )
    aligned, changed = list[tuple[int, int]](), set[int]()
    for block in Levenshtein.opcodes(before.words, after.words):
        sources = range(block.src_start, block.src_end)
        if block.tag != "equal":
            changed.update(sources)
        aligned += zip(sources, range(block.dest_start, block.dest_end), strict=False)
    top = set(before.ranking()[: len(changed)])
    return AttributionChange(
        num_words=len(before.words),
        num_aligned=len(aligned),
        rank_correlation=rank_correlation(
            [before.scores[i] for i, _ in aligned], [after.scores[j] for _, j in aligned]
        ),
        num_changed=len(changed),
        num_changed_in_top=len(changed & top),
    )


def rank_correlation(first: list[float], second: list[float]) -> float | None:
    """Spearman's rank correlation; None with fewer than 3 scores, or if all of a side are equal."""
    if len(first) < MIN_ALIGNED or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    from scipy.stats import spearmanr

    return float(spearmanr(first, second).statistic)
