"""Judge a fitted detector on the attacks of a recipe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from robustbert.detection import FittedDetector, TextPair
from robustbert.detector_evaluation.detection_pairs import ValidationPairs
from robustbert.detector_evaluation.detection_record import (
    DetectionCell,
    Estimate,
    PairScores,
    Rejection,
)
from robustbert.metrics import accuracy_under_attack, clean_accuracy, proportion, survived
from robustbert.metrics.detection import (
    Statistic,
    auroc,
    bootstrap_pairs,
    f1_score,
    threshold_at_fpr,
    threshold_of_best_f1,
    tpr_at_fpr,
)
from robustbert.records import Metric, Outcome

#: The false positive rate of the threshold.
MAX_FPR = 0.1


@dataclass(frozen=True)
class JudgedCell:
    """The attacks of a recipe that judge detectors.

    Args:
        recipe: the name of the recipe.
        outcomes: the outcomes on the test split, with texts.
        pairs: the pairs of the broken examples, at least one.
        failed: the texts with which failed attacks ended; None if they are not judged.
    """

    recipe: str
    outcomes: tuple[Outcome, ...]
    pairs: tuple[TextPair, ...]
    failed: tuple[str, ...] | None = None


@dataclass(frozen=True)
class FittedOn:
    """A detector that was fitted to the attacks of a recipe, with its thresholds.

    Args:
        recipe: the name of the recipe.
        detector: the fitted detector.
        num_fit: the number of pairs that it was fitted to; 0 if it learns from clean texts alone.
        num_threshold: the number of pairs that chose the thresholds.
        threshold: the threshold at a false positive rate of at most :data:`MAX_FPR`.
        f1_threshold: the threshold with the highest F1.
    """

    recipe: str
    detector: FittedDetector
    num_fit: int
    num_threshold: int
    threshold: float
    f1_threshold: float

    @classmethod
    def of(
        cls,
        recipe: str,
        pairs: ValidationPairs,
        fit: Callable[[Sequence[TextPair]], FittedDetector],
    ) -> FittedOn:
        """Fit a detector to all pairs, and choose its thresholds by detectors that lack a fold.

        Args:
            recipe: the name of the recipe.
            pairs: the pairs of the validation split.
            fit: fits the detector to pairs; one that needs none ignores them.
        """
        fitted = fit(pairs.all)
        needs_pairs = fitted.detector.needs_pairs
        originals, adversarials = [], []
        for index, fold in enumerate(pairs.folds):
            other = fit(pairs.without(index)) if needs_pairs else fitted
            originals.append(other.score([pair.original for pair in fold]))
            adversarials.append(other.score([pair.adversarial for pair in fold]))
        negative, positive = np.concatenate(originals), np.concatenate(adversarials)
        return cls(
            recipe=recipe,
            detector=fitted,
            num_fit=len(pairs.all) if needs_pairs else 0,
            num_threshold=len(pairs.all),
            threshold=threshold_at_fpr(negative, MAX_FPR),
            f1_threshold=threshold_of_best_f1(negative, positive),
        )


def judge(fitted: FittedOn, tested: JudgedCell, seed: int) -> DetectionCell:
    """Judge a fitted detector on the attacks of a recipe, the same or another.

    Args:
        fitted: the detector with its thresholds.
        tested: the attacks.
        seed: of the bootstrap, at least 0.
    """
    score = fitted.detector.score
    originals = score([pair.original for pair in tested.pairs])
    adversarials = score([pair.adversarial for pair in tested.pairs])
    flagged = adversarials >= fitted.threshold

    def estimate(statistic: Statistic) -> Estimate:
        return Estimate.of(bootstrap_pairs(originals, adversarials, statistic, seed))

    own = fitted.recipe == tested.recipe
    return DetectionCell(
        fitted_on=fitted.recipe,
        tested_on=tested.recipe,
        chosen=dict(fitted.detector.chosen),
        fit_pairs=fitted.num_fit,
        threshold_pairs=fitted.num_threshold,
        pairs=len(tested.pairs),
        auroc=estimate(auroc),
        tpr_of_curve=estimate(lambda negative, positive: tpr_at_fpr(negative, positive, MAX_FPR)),
        threshold=fitted.threshold,
        tpr=_share(flagged),
        fpr=_share(originals >= fitted.threshold),
        f1_threshold=fitted.f1_threshold,
        f1=estimate(lambda negative, positive: f1_score(negative, positive, fitted.f1_threshold)),
        failed=_failed(fitted, tested),
        rejection=_rejection(fitted, tested, flagged),
        scores=_pair_scores(tested.pairs, originals, adversarials) if own else None,
    )


def _failed(fitted: FittedOn, tested: JudgedCell) -> Metric | None:
    if tested.failed is None:
        return None
    return _share(fitted.detector.score(tested.failed) >= fitted.threshold)


def _rejection(fitted: FittedOn, tested: JudgedCell, flagged: np.ndarray) -> Rejection:
    """The accuracies with and without the detector.

    A flagged text is rejected. That is wrong for a clean text, whatever its label, and right for an
    adversarial text that fools the victim. An example that survives its attack is one whose clean
    text arrives.
    """
    outcomes = tested.outcomes
    correct = [one for one in outcomes if one.correct and one.text is not None]
    scores = fitted.detector.score([one.text for one in correct if one.text is not None])
    passes = dict(zip([one.example_id for one in correct], scores < fitted.threshold, strict=True))
    caught = dict(zip([pair.example_id for pair in tested.pairs], flagged, strict=True))
    survivors = [one for one in correct if survived(one)]
    right = sum(caught.values()) + sum(passes[one.example_id] for one in survivors)
    return Rejection(
        clean=clean_accuracy(outcomes),
        clean_with_detector=proportion(int(sum(passes.values())), len(outcomes)),
        attacked=accuracy_under_attack(outcomes),
        attacked_with_detector=proportion(int(right), len(outcomes)),
    )


def _pair_scores(
    pairs: Sequence[TextPair], originals: np.ndarray, adversarials: np.ndarray
) -> PairScores:
    return PairScores(
        example_ids=[pair.example_id for pair in pairs],
        originals=originals.tolist(),
        adversarials=adversarials.tolist(),
    )


def _share(flagged: np.ndarray) -> Metric:
    return proportion(int(flagged.sum()), len(flagged))
