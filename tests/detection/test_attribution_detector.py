"""Detection by attributions: the rows are the sorted scores of the explanation method."""

from __future__ import annotations

import numpy as np
import pytest

from robustbert.detection.attribution_detector import AttributionDetector
from robustbert.errors import InputError, ModelError, UnknownNameError
from robustbert.explanations import make_explainer
from robustbert.models import load_model
from tests.detection.words import BagOfWords, fitting_data, pairs_of

VICTIM = BagOfWords({"good": (0, 2), "fine": (0, 1), "bad": (3, 0)})
TEXTS = ["a good, fine film", "a bad film"]


def test_rows_are_sorted_scores_of_a_black_box_method():
    found = AttributionDetector(method="occlusion").measure(VICTIM)([*TEXTS, "!!!"])
    explained = make_explainer("occlusion", {}).explain(VICTIM, TEXTS)
    for row, one in zip(found, explained, strict=False):
        assert row.tolist() == sorted(one.scores, reverse=True)
    assert len(found[2]) == 0, "a text without words has no scores"


def test_rows_are_sorted_integrated_gradients_of_a_network(bert):
    classifier = load_model(bert, dtype="float32", device="cpu")
    [row] = AttributionDetector(settings=("steps=7",)).measure(classifier)([TEXTS[0]])
    [one] = make_explainer("integrated-gradients", {"steps": 7}).explain(classifier, TEXTS[:1])
    assert row == pytest.approx(sorted(one.scores, reverse=True))


def test_it_learns_that_few_words_carry_an_adversarial_text():
    originals = [f"good fine good film {n}" for n in range(20)]
    adversarials = [f"good fiine goood film {n}" for n in range(20)]
    data = fitting_data(pairs_of(originals[:10], adversarials[:10]))
    fitted = AttributionDetector(method="occlusion").fit(VICTIM, data, seed=0)
    low, high = fitted.score(originals[10:]), fitted.score(adversarials[10:])
    assert low.max() < high.min()
    assert np.isfinite(high).all()


def test_a_classical_model_needs_another_method():
    with pytest.raises(ModelError, match=r"integrated-gradients reads the gradients .* as shap"):
        AttributionDetector().measure(VICTIM)


def test_wrong_parameters_are_refused():
    with pytest.raises(UnknownNameError, match="unknown explainer 'shapp'; did you mean shap"):
        AttributionDetector(method="shapp")
    with pytest.raises(UnknownNameError, match="unknown setting 'step'; did you mean steps"):
        AttributionDetector(settings=("step=7",))
    with pytest.raises(InputError, match="max_words is 0"):
        AttributionDetector(max_words=0)
