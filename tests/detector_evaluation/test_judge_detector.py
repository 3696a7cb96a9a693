"""Judging a detector whose scores are known, against counting by hand."""

from __future__ import annotations

import pytest

from robustbert.detection import FittedDetector
from robustbert.detection.mahalanobis import Mahalanobis
from robustbert.detection.wdr import Wdr
from robustbert.detector_evaluation.detection_pairs import ValidationPairs, judged_pairs
from robustbert.detector_evaluation.judge_detector import FittedOn, JudgedCell, judge
from robustbert.metrics import proportion
from tests.detection.words import pairs_of
from tests.detector_evaluation.judged import fitted_on, scores_of_numbers
from tests.records.builders import make_outcome


def broken(i: int, original: float, adversarial: float):
    texts = {"text": f"a {original}", "adversarial_text": f"b {adversarial}"}
    return make_outcome(f"b{i}", "broken", **texts)


OUTCOMES = (
    *(broken(i, original=i / 20, adversarial=i / 10) for i in range(12)),
    make_outcome("r0", "robust", text="a 0.1"),
    make_outcome("r1", "exhausted", text="a 0.9"),
    make_outcome("r2", "robust", text="a 0.2"),
    make_outcome("s0", "skipped", text="a 0.0"),
    make_outcome("e0", "error", text="a 0.0"),
)


def attacks_of(recipe: str = "pwws", failed: tuple[str, ...] | None = None) -> JudgedCell:
    return JudgedCell(recipe, OUTCOMES, tuple(judged_pairs(OUTCOMES, "it")), failed)


def test_rates_are_those_counted_by_hand():
    cell = judge(fitted_on("pwws", 0.5), attacks_of(), seed=0)
    # originals 0, .05, …, .55: the last two are flagged; adversarials 0, .1, …, 1.1: the last seven
    assert cell.fpr == proportion(2, 12)
    assert cell.tpr == proportion(7, 12)
    assert cell.f1.value == pytest.approx(2 * 7 / (7 + 2 + 12))
    # at a false positive rate of 1 / 12, scores above .5 are flagged: .6 to 1.1
    assert cell.tpr_of_curve.value == pytest.approx(6 / 12)
    assert cell.pairs == 12


def test_a_flagged_text_is_rejected():
    cell = judge(fitted_on("pwws", 0.5), attacks_of(), seed=0)
    found, total = cell.rejection, len(OUTCOMES)
    assert found.clean == proportion(12 + 3, total)
    # two of the broken examples' originals are flagged, and that of r1
    assert found.clean_with_detector == proportion(12 + 3 - 3, total)
    assert found.attacked == proportion(3, total)
    assert found.attacked_with_detector == proportion(7 + 2, total)


def test_failed_attacks_are_a_share_of_their_own():
    assert judge(fitted_on("pwws"), attacks_of(), seed=0).failed is None
    cell = judge(fitted_on("pwws"), attacks_of(failed=("c 0.4", "c 0.5", "c 0.6")), seed=0)
    assert cell.failed == proportion(2, 3)
    assert judge(fitted_on("pwws"), attacks_of(failed=()), seed=0).failed == proportion(0, 0)


def test_scores_are_kept_for_the_recipe_that_was_fitted():
    own = judge(fitted_on("pwws"), attacks_of("pwws"), seed=0)
    assert own.scores.example_ids == [f"b{i}" for i in range(12)]
    assert own.scores.originals == pytest.approx([i / 20 for i in range(12)])
    assert judge(fitted_on("textfooler"), attacks_of("pwws"), seed=0).scores is None


def test_thresholds_come_from_detectors_that_have_not_seen_the_pairs():
    """A detector that knows its pairs by heart, and scores other texts by their number."""
    originals = [f"a {i / 10}" for i in range(10)]
    adversarials = [f"b {5 + i}" for i in range(10)]
    pairs = pairs_of(originals, adversarials)
    folds = ValidationPairs((tuple(pairs[:5]), tuple(pairs[5:])))

    def fit(seen):
        known = {pair.original: -99.0 for pair in seen} | {pair.adversarial: 99.0 for pair in seen}

        def score(texts):
            return [known.get(text, float(text.split()[-1])) for text in texts]

        return FittedDetector(Wdr(), score)

    fitted = FittedOn.of("pwws", folds, fit)
    assert 0.8 < fitted.threshold < 0.9, "one of ten originals is flagged"
    assert fitted.f1_threshold == 5
    assert (fitted.num_fit, fitted.num_threshold) == (10, 10)
    assert fitted.detector.score(["a 0.1", "b 5"]).tolist() == [-99.0, 99.0], "it knows all pairs"


def test_a_detector_that_needs_no_pairs_is_fitted_once():
    folds = ValidationPairs(
        (tuple(pairs_of(["a 0.1"] * 9, ["b 1"] * 9)), tuple(pairs_of(["a 0.2"], ["b 2"])))
    )
    fits = []

    def fit(seen):
        fits.append(seen)
        return FittedDetector(Mahalanobis(), scores_of_numbers)

    fitted = FittedOn.of("pwws", folds, fit)
    assert len(fits) == 1
    assert (fitted.num_fit, fitted.num_threshold) == (0, 10)
    assert 0.1 < fitted.threshold <= 0.2
