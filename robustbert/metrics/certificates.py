"""Certificates of a vote over random changes of a text (randomised smoothing).

Each text has a distribution of changed texts. A classifier labels a changed text, and the
probability of a label is the share of changed texts that get it. If this probability is large, and
the distributions of two texts overlap much, then the label has the majority for both texts.

The certificates here hold for any classifier of the changed texts. Two ways of certifying that
published code has are not used, because they certify texts that can be broken:

- The overlap of two uniform distributions on sets divides by the size of the larger set, not by
  that of the original word's set (lushleaf/Structure-free-certified-NLP, ``evaluation.py``,
  ``calculate_tv_table``). Both are the same if all sets have the same size.
- The radius is the largest certified number of words, not the first that is not certified, and the
  factor λ is 1, not an estimate from the votes (zjiehang/RanMASK, ``utils/certify.py`` and
  ``classifier.py``). There, also, the number of words kept ignores that two always are.

Numbers are compared as fractions, so that no certificate is due to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence, Set
from fractions import Fraction

from robustbert.errors import InputError
from robustbert.metrics.intervals import check_confidence

_HALF = Fraction(1, 2)


def clopper_pearson_low(k: int, n: int, confidence: float) -> float:
    """The one-sided Clopper-Pearson lower bound of a proportion with ``k`` of ``n`` successes.

    Clopper and Pearson 1934, "The use of confidence or fiducial limits illustrated in the case of
    the binomial". It exceeds the proportion with a probability of at most ``1 - confidence``.

    Args:
        k: successes, 0 to ``n``.
        n: independent trials, at least 1.
        confidence: the confidence level, in (0, 1).

    Raises:
        InputError: an argument is out of range.

    >>> round(clopper_pearson_low(100, 100, 0.95), 4)  # 0.05 ** (1 / 100)
    0.9705
    """
    from scipy.stats import binomtest

    if not 0 <= k <= n or n == 0:
        raise InputError(f"a lower bound needs 0 <= k <= n and n >= 1, not k={k} and n={n}")
    check_confidence(confidence)
    test = binomtest(k, n, alternative="greater")
    return float(test.proportion_ci(confidence, method="exact").low)


def set_overlap(first: Set[str], second: Set[str]) -> Fraction:
    """The overlap of the uniform distributions on two sets, neither of them empty.

    It is 1 minus their total variation distance: the number of common elements, divided by the size
    of the larger set.

    >>> set_overlap({"film", "movie"}, {"film", "movie", "picture", "cinema"})
    Fraction(1, 2)
    """
    return Fraction(len(first & second), max(len(first), len(second)))


def smallest_overlap(own: Set[str], others: Iterable[Set[str]]) -> Fraction:
    """The smallest overlap of a set with others; 1 if there are none.

    Args:
        own: what a word is replaced by.
        others: what each of its substitutes is replaced by, of those that an attack may use.
    """
    return min((set_overlap(own, other) for other in others), default=Fraction(1))


def is_certified_for_substitutions(
    low: float, overlaps: Sequence[Fraction], changes: int | None = None
) -> bool:
    """Whether a label keeps the majority, whichever words an attack replaces by substitutes.

    Ye et al. 2020, "SAFER: A Structure-free Approach for Certified Robustness to Adversarial Word
    Substitutions". With the words of a text replaced independently, the probability of a label
    falls by at most 1 minus the product of the overlaps of the words that changed.

    Args:
        low: a lower bound of the label's probability, 0 to 1.
        overlaps: of each word, :func:`smallest_overlap`, 0 to 1.
        changes: the number of words that an attack may replace, at least 0; None for all.
    """
    smallest = sorted(overlaps)[:changes]
    return Fraction(low) - 1 + math.prod(smallest) >= _HALF


def substitution_radius(low: float, overlaps: Sequence[Fraction]) -> int | None:
    """The largest number of words for which a text is certified; None if not even 0.

    The arguments are those of :func:`is_certified_for_substitutions`.

    >>> substitution_radius(0.9, [Fraction(1), Fraction(3, 4), Fraction(3, 4)])
    1
    """
    radius = None
    for changes in range(len(overlaps) + 1):
        if not is_certified_for_substitutions(low, overlaps, changes):
            break
        radius = changes
    return radius


def is_certified_for_masks(low: float, words: int, kept: int, changes: int) -> bool:
    """Whether a label keeps the majority, whatever an attack puts in the place of some words.

    Zeng et al. 2023, "Certified Robustness to Text Adversarial Attacks by Randomized [MASK]". Only
    changed texts that keep a changed word can get another label, and their share is
    1 - C(words - changes, kept) / C(words, kept).

    Args:
        low: a lower bound of the label's probability, 0 to 1.
        words: the number of words of the text.
        kept: the number of words that are kept when the others are masked, 0 to ``words``.
        changes: the number of words that an attack may change, 0 to ``words``.

    Raises:
        InputError: a number of words is out of range.
    """
    if not (0 <= kept <= words and 0 <= changes <= words):
        raise InputError(
            f"the words kept and changed must be 0 to {words}, not {kept} and {changes}"
        )
    untouched = Fraction(math.comb(words - changes, kept), math.comb(words, kept))
    return Fraction(low) - (1 - untouched) > _HALF


def mask_radius(low: float, words: int, kept: int) -> int | None:
    """The largest number of changed words for which a text is certified; None if not even 0.

    The arguments are those of :func:`is_certified_for_masks`.

    >>> mask_radius(0.9, words=20, kept=4)
    2

    Raises:
        InputError: a number of words is out of range.
    """
    radius = None
    for changes in range(words + 1):
        if not is_certified_for_masks(low, words, kept, changes):
            break
        radius = changes
    return radius
