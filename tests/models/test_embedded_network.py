"""A classifier's network as a function of embeddings."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2ForSequenceClassification

from robustbert.errors import ModelError
from robustbert.models import embedded_network, load_model, relabel
from robustbert.models.inference.invariance import DtypeProblem
from robustbert.models.inference.padded import PaddedNetwork
from tests.tiny import make_tiny_bert

TEXTS = ["the film was very good", "a dull and tedious plot", "so boring"]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = make_tiny_bert(tmp_path_factory.mktemp("embedded") / "tiny")
    return load_model(str(folder), dtype="bfloat16", device="cpu")


def embeddings_of(network):
    return [network.weight[ids] for ids in network.tokenization.encode(TEXTS)]


@pytest.mark.parametrize("view", ["own", "relabeled", "at a temperature"])
def test_embeddings_of_the_tokens_give_the_logits_of_the_texts(plain, view):
    classifier = {
        "own": plain,
        "relabeled": relabel(plain, plain.label_names[::-1]),
        "at a temperature": plain.with_temperature(7.0),
    }[view]
    network = classifier.embedded_network()
    texts = embeddings_of(network)
    exact = network.logits(texts, exact=True)
    shifted = exact - exact.max(axis=1, keepdims=True)
    expected = np.log(classifier.predict_proba_exact(TEXTS))
    expected -= expected.max(axis=1, keepdims=True)
    np.testing.assert_allclose(shifted, expected, atol=1e-4)
    coarse = network.logits(texts)
    assert 0 < np.abs(coarse - exact).max() < 0.1
    np.testing.assert_array_equal(network.logits(texts, unbatched=True), coarse)
    for text, row in zip(texts, exact, strict=True):
        found = network.differentiable_logits(text[None].requires_grad_())
        assert found.requires_grad
        np.testing.assert_allclose(found[0].detach(), row, atol=1e-4)


def test_batch_invariance_is_that_of_embeddings(plain, monkeypatch):
    network = plain.embedded_network()
    assert network.batch_invariance.verified
    assert network.batch_invariance.row_counts == plain.batch_invariance.row_counts
    problem = DtypeProblem("a text's scores depend on its batch", runs=True)

    def find(make_forward, sequences, model, dtype, kind):
        assert all(torch.is_tensor(sequence) for sequence in sequences)
        return problem if dtype == "bfloat16" else None

    monkeypatch.setattr(embedded_network, "find_dtype_problem", find)
    assert not plain.embedded_network().batch_invariance.verified


def test_only_networks_of_transformers_have_one(svm):
    with pytest.raises(ModelError, match="use a network of transformers"):
        load_model(str(svm)).embedded_network()


def test_a_network_that_looks_for_the_padding_token_is_refused(plain):
    """As GPT-2 does to find the last token: with embeddings, it takes one of the padding."""
    config = GPT2Config(
        vocab_size=len(plain.embedded_network().tokenizer),
        n_embd=16,
        n_layer=1,
        n_head=2,
        n_positions=128,
        initializer_range=0.5,
        pad_token_id=0,
    )
    model = GPT2ForSequenceClassification(config).eval()
    network = dataclasses.replace(plain.embedded_network(), model=model)
    padded = {"max_length": 128, "token_budget": 4096}
    exact = PaddedNetwork.of_transformers(model, network.tokenizer, **padded)
    with pytest.raises(ModelError, match="model 'gpt2' computes other predictions"):
        dataclasses.replace(network, exact=exact).checked("gpt2")
