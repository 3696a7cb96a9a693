"""Metrics of detectors of adversarial texts: pure functions on scores.

A detector assigns a score to every text, and flags a text whose score is at least a threshold.
Positives are adversarial texts, negatives are their originals: the two scores of an example are a
pair, and intervals are over examples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from robustbert.errors import InputError
from robustbert.metrics.intervals import check_confidence

Scores = Sequence[float] | np.ndarray
"""Finite numbers; larger means more likely adversarial."""
Statistic = Callable[[np.ndarray, np.ndarray], float]
"""A number computed from the scores of originals and those of adversarial texts."""


@dataclass(frozen=True)
class BootstrapEstimate:
    """A statistic of pairs of scores with its bootstrap interval.

    Args:
        value: the statistic of all pairs.
        low: lower end of the interval; None for fewer than two pairs.
        high: upper end of the interval; None for fewer than two pairs.
    """

    value: float
    low: float | None
    high: float | None


def auroc(negatives: Scores, positives: Scores) -> float:
    """The area under the ROC curve, in [0, 1]; ties count half.

    It is the probability that an adversarial text has a higher score than an original.

    Raises:
        InputError: there is no positive or no negative, or a score is not finite.

    >>> auroc([0.1, 0.4], [0.4, 0.9])
    0.875
    """
    from scipy.stats import rankdata  # Mann and Whitney 1947; scikit-learn's is slow in a bootstrap

    labels, scores = _labelled(negatives, positives)
    num_positives = int(labels.sum())
    above = rankdata(scores)[labels].sum() - num_positives * (num_positives + 1) / 2
    return float(above / (num_positives * (len(scores) - num_positives)))


def tpr_at_fpr(negatives: Scores, positives: Scores, max_fpr: float) -> float:
    """The highest true positive rate of the ROC curve at a false positive rate of ``max_fpr``.

    The threshold is chosen on the very scores that are judged, as papers on detectors do it, so it
    is optimistic; see :func:`threshold_at_fpr` for a threshold from other scores.

    Args:
        negatives: the scores of originals.
        positives: the scores of adversarial texts.
        max_fpr: the largest false positive rate, in [0, 1].

    Raises:
        InputError: there is no positive or no negative, a score is not finite, or ``max_fpr`` is
            out of range.

    >>> tpr_at_fpr([0.1, 0.2, 0.3, 0.8], [0.2, 0.5, 0.9], 0.25)
    0.6666666666666666
    """
    _labelled(negatives, positives)
    threshold = threshold_at_fpr(negatives, max_fpr)
    return float((np.asarray(positives) >= threshold).mean())


def threshold_at_fpr(negatives: Scores, max_fpr: float) -> float:
    """The lowest threshold at which at most a share ``max_fpr`` of the negatives is flagged.

    Args:
        negatives: the scores of originals.
        max_fpr: the largest false positive rate, in [0, 1].

    Raises:
        InputError: there is no score, one is not finite, or ``max_fpr`` is out of range.

    >>> threshold = threshold_at_fpr([0.1, 0.2, 0.3, 0.8], 0.25)
    >>> [score >= threshold for score in (0.3, 0.31, 0.8)]
    [False, True, True]
    """
    if not 0 <= max_fpr <= 1:
        raise InputError(f"the false positive rate is {max_fpr}; give a number from 0 to 1")
    ordered = np.sort(_finite(negatives))[::-1]
    allowed = int(max_fpr * len(ordered) + 1e-9)  # 0.1 * 30 is below 3
    if allowed == len(ordered):
        return float("-inf")
    return float(np.nextafter(ordered[allowed], np.inf))


def threshold_of_best_f1(negatives: Scores, positives: Scores) -> float:
    """The threshold with the highest F1; of several, the one that flags the fewest texts.

    Raises:
        InputError: there is no positive or no negative, or a score is not finite.

    >>> threshold_of_best_f1([0.1, 0.2, 0.8], [0.3, 0.7, 0.9])
    0.3
    """
    from sklearn.metrics import precision_recall_curve

    labels, scores = _labelled(negatives, positives)
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    # The last point has no threshold. Precision is above 0 wherever recall is.
    total = (precision + recall)[:-1]
    f1 = 2 * (precision * recall)[:-1] / np.where(total == 0, 1, total)
    best = np.flatnonzero(np.isclose(f1, f1.max(), rtol=0, atol=1e-12))
    return float(thresholds[best[-1]])


def f1_score(negatives: Scores, positives: Scores, threshold: float) -> float:
    """The F1 of flagging scores of at least ``threshold``, in [0, 1]; 0 if nothing is flagged.

    Raises:
        InputError: there is no positive or no negative, or a score is not finite.

    >>> round(f1_score([0.1, 0.2, 0.8], [0.3, 0.7, 0.9], 0.3), 3)
    0.857
    """
    labels, scores = _labelled(negatives, positives)
    flagged = scores >= threshold
    return float(2 * (labels & flagged).sum() / (labels.sum() + flagged.sum()))


def bootstrap_pairs(
    negatives: Scores,
    positives: Scores,
    statistic: Statistic,
    seed: int,
    *,
    resamples: int = 1_000,
    confidence: float = 0.95,
) -> BootstrapEstimate:
    """A statistic of pairs of scores with its percentile bootstrap interval (Efron 1979).

    Whole examples are drawn: the scores of an original and of its adversarial text stay together.

    Args:
        negatives: the score of each original.
        positives: the score of the adversarial text of each original, in the same order.
        statistic: computes the statistic from scores of originals and of adversarial texts.
        seed: at least 0; the same seed and scores give the same interval.
        resamples: number of bootstrap samples, at least 1.
        confidence: the confidence level, in (0, 1).

    Raises:
        InputError: there is no pair, the numbers of scores differ, a score is not finite, or an
            argument is out of range.
    """
    check_confidence(confidence)
    if resamples < 1:
        raise InputError(f"resamples must be at least 1, not {resamples}")
    if seed < 0:
        raise InputError(f"the seed must be at least 0, not {seed}")
    originals, changed = _finite(negatives), _finite(positives)
    if len(originals) != len(changed):
        raise InputError(
            f"there are {len(originals)} originals but {len(changed)} adversarial texts; give one "
            "score of each per example"
        )
    value = statistic(originals, changed)
    n = len(originals)
    if n < 2:
        return BootstrapEstimate(value, None, None)
    generator = np.random.default_rng(seed)
    drawn = (generator.integers(0, n, size=n) for _ in range(resamples))
    found = [statistic(originals[rows], changed[rows]) for rows in drawn]
    low, high = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2])
    return BootstrapEstimate(value, float(low), float(high))


def _labelled(negatives: Scores, positives: Scores) -> tuple[np.ndarray, np.ndarray]:
    """Whether each score is of an adversarial text, and all scores."""
    scores = np.concatenate([_finite(negatives), _finite(positives)])
    return np.arange(len(scores)) >= len(negatives), scores


def _finite(scores: Scores) -> np.ndarray:
    numbers = np.asarray(scores, dtype=np.float64)
    if numbers.ndim != 1 or not len(numbers):
        raise InputError("a metric of a detector needs scores of originals and adversarial texts")
    if not np.isfinite(numbers).all():
        raise InputError("scores must be finite; remove NaN and infinity")
    return numbers
