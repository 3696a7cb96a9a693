from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from robustbert.defenses import make_defense
from robustbert.errors import InputError, ModelError
from robustbert.models import load_model, relabel
from tests.defenses.perturbed import gradients, make_inputs, make_network

TEXTS = ["the film was very good", "a dull and tedious plot", "so boring", "we actors"]


def test_the_loss_divides_the_logits(tiny_victim):
    network, inputs = make_network(tiny_victim), make_inputs()
    logits = network(inputs["input_ids"], inputs["attention_mask"]).logits
    probabilities = (logits / 8).softmax(dim=1)
    expected = -probabilities[torch.arange(3), inputs["labels"]].log().mean()
    expected.backward()
    wanted = gradients(network)
    network.zero_grad()
    loss = make_defense("temperature", {"temperature": 8}).training_loss(network, inputs)
    loss.backward()
    torch.testing.assert_close(loss, expected)
    for name, gradient in gradients(network).items():
        torch.testing.assert_close(gradient, wanted[name])


@pytest.fixture(scope="module")
def plain(tiny_victim):
    return load_model(str(tiny_victim), dtype="float32", device="cpu")


@pytest.fixture(scope="module")
def network(tiny_victim):
    return make_network(tiny_victim).eval()


class TestTheWrappedClassifier:
    @pytest.mark.parametrize("view", ["own", "relabeled"])
    def test_has_the_probabilities_at_its_temperature(self, plain, view):
        names = plain.label_names if view == "own" else plain.label_names[::-1]
        inner = relabel(plain, names)
        params = {"temperature": 30, "inference_temperature": 4}
        wrapped = make_defense("temperature", params).wrap(inner)
        wide = inner.predict_logits(TEXTS).astype(np.float64) / 4
        expected = np.exp(wide) / np.exp(wide).sum(axis=1, keepdims=True)
        for found in (
            wrapped.predict_proba(TEXTS),
            wrapped.predict_proba_exact(TEXTS),
            wrapped.predict_proba_unbatched(TEXTS),
        ):
            np.testing.assert_allclose(found, expected, rtol=1e-4)
        np.testing.assert_allclose(wrapped.predict_logits(TEXTS), wide, rtol=1e-6)
        rows = inner.predict_proba(TEXTS)
        assert (wrapped.predict_proba(TEXTS).argmax(axis=1) == rows.argmax(axis=1)).all()
        assert wrapped.label_names == inner.label_names
        assert wrapped.info == inner.info
        assert wrapped.batch_invariance == inner.batch_invariance

    def test_leaves_the_plain_classifier_as_it_is(self, plain):
        before = plain.predict_proba(TEXTS)
        wrapped = make_defense("temperature", {}).wrap(plain)
        wrapped.info = replace(wrapped.info, name="tempered")
        np.testing.assert_array_equal(plain.predict_proba(TEXTS), before)
        assert plain.info.name != "tempered"

    def test_gradients_are_those_at_its_temperature(self, plain, network):
        wrapped = make_defense("temperature", {"temperature": 5}).wrap(plain)
        found = wrapped.token_gradient(TEXTS[0])
        embeddings = network.get_input_embeddings()(torch.tensor(found.token_ids)[None])
        embeddings = embeddings.detach().requires_grad_()
        logits = network(inputs_embeds=embeddings).logits / 5
        (expected,) = torch.autograd.grad(cross_entropy(logits, logits.argmax(dim=1)), embeddings)
        np.testing.assert_allclose(found.gradient, expected[0], rtol=1e-3, atol=1e-6)

    def test_does_not_lose_probabilities_that_round_to_zero(self, plain):
        """Of a confident network: at temperature 1, float32 cannot tell 1 - 1e-9 from 1."""
        sure = plain.with_temperature(1e-3)
        wide = sure.predict_logits(TEXTS)
        assert set(sure.predict_proba(TEXTS).flatten().tolist()) <= {0.0, 1.0}
        assert not sure.token_gradient(TEXTS[0]).gradient.any()
        wrapped = make_defense("temperature", {"temperature": 1000}).wrap(sure)
        assert len(np.unique(wrapped.predict_proba_exact(TEXTS))) > 2
        assert wrapped.token_gradient(TEXTS[0]).gradient.any()
        np.testing.assert_allclose(wrapped.predict_logits(TEXTS), wide / 1000, rtol=1e-5)

    def test_is_the_same_object_at_temperature_1(self, plain):
        params = {"temperature": 30, "inference_temperature": 1}
        assert make_defense("temperature", params).wrap(plain) is plain

    def test_must_be_a_network_of_transformers(self, svm):
        with pytest.raises(ModelError, match="cannot change the temperature of model"):
            make_defense("temperature", {}).wrap(load_model(str(svm)))


@pytest.mark.parametrize("name", ["temperature", "inference_temperature"])
@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan")])
def test_a_temperature_is_positive(name, value):
    with pytest.raises(InputError, match=f"{name} is .*; give a number above 0"):
        make_defense("temperature", {name: value})
