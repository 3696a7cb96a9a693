"""`relabel` changes the order of columns and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from robustbert.errors import ModelError
from robustbert.models import CallableClassifier, load_model, relabel
from tests.tiny import toy_reviews

TEXTS = [*toy_reviews(8)[0], "film " * 300]
METHODS = ["predict_proba", "predict_proba_exact", "predict_proba_unbatched", "predict_logits"]


def test_same_order_is_the_same_object(tiny):
    assert relabel(tiny, ["neg", "pos"]) is tiny


def test_columns_follow_the_names(tiny, tiny_folder):
    turned = relabel(tiny, ["pos", "neg"])
    loaded = load_model(str(tiny_folder), dtype="float32", device="cpu", label_names=["pos", "neg"])
    assert turned.label_names == ("pos", "neg")
    for method in METHODS:
        np.testing.assert_array_equal(
            getattr(turned, method)(TEXTS), getattr(loaded, method)(TEXTS)
        )
    np.testing.assert_array_equal(turned.truncated(TEXTS), tiny.truncated(TEXTS))
    assert turned.truncated(TEXTS)[-1]
    assert relabel(turned, ["neg", "pos"]).predict_proba(TEXTS).tolist() == (
        tiny.predict_proba(TEXTS).tolist()
    )


def test_everything_else_is_that_of_the_classifier(tiny):
    turned = relabel(tiny, ["pos", "neg"])
    assert turned.info == tiny.info
    assert turned.token_budget == tiny.token_budget
    assert turned.batch_invariance == tiny.batch_invariance
    assert turned.has_logits
    assert turned.has_gradients
    assert turned.identified
    gradient = turned.token_gradient(TEXTS[0])
    np.testing.assert_array_equal(gradient.gradient, tiny.token_gradient(TEXTS[0]).gradient)
    (same,) = turned.token_gradients(TEXTS[:1])
    np.testing.assert_array_equal(same.gradient, gradient.gradient)
    assert not relabel(CallableClassifier(len, ["neg", "pos"]), ["pos", "neg"]).identified


def test_a_new_name_leaves_the_classifier_alone(tiny):
    turned = relabel(tiny, ["pos", "neg"])
    turned.info = replace(turned.info, name="mine", sha256="other")
    assert (turned.info.name, turned.info.sha256) == ("mine", tiny.info.sha256)
    assert tiny.info.name == "tiny"


@pytest.mark.parametrize("names", [["neg", "positive"], ["neg"], ["neg", "pos", "neutral"]])
def test_other_labels_are_rejected(tiny, names):
    with pytest.raises(ModelError, match="has the labels neg, pos but the dataset has"):
        relabel(tiny, names)
