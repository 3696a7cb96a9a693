"""A classifier's network as a function of token ids."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robustbert.errors import ModelError
from robustbert.models.relabel import relabel

TEXT = "a fine, charming film!"


def test_its_logits_are_those_of_the_classifier(tiny):
    for classifier in (tiny, relabel(tiny, ("pos", "neg")), tiny.with_temperature(2.0)):
        network = classifier.token_network()
        ids, spans = network.encode(TEXT)
        with torch.no_grad():
            probabilities = network.logits(ids).softmax(dim=-1).numpy()
            again = network.logits(ids, network.embed(ids)).softmax(dim=-1).numpy()
        expected = classifier.predict_proba_exact([TEXT])
        np.testing.assert_allclose(probabilities, expected, atol=1e-5)
        np.testing.assert_allclose(again, probabilities, atol=1e-6)
        assert [span.is_special for span in spans] == [True] + [False] * (len(spans) - 2) + [True]
        pieces = [TEXT[span.start : span.end] for span in spans[1:-1]]
        assert "".join(pieces) == TEXT.replace(" ", "")


def test_it_shares_the_weights_and_leaves_the_classifier_as_it_was(tiny):
    before = tiny.predict_proba([TEXT])
    network = tiny.token_network()
    ids, _ = network.encode(TEXT)
    embeddings = network.embed(ids).requires_grad_()
    network.logits(ids, embeddings)[0, 0].backward()
    assert embeddings.grad.abs().sum() > 0
    own = dict(tiny._exact_model.named_parameters())
    for name, weight in network.module.named_parameters():
        assert weight.data_ptr() == own[name].data_ptr()
        assert weight.grad is None
    assert (tiny.predict_proba([TEXT]) == before).all()


def test_attention_weights_of_each_layer_and_head(tiny):
    network = tiny.token_network()
    ids, _ = network.encode(TEXT)
    weights = network.attentions(ids)
    assert weights.shape == (2, 2, ids.shape[1], ids.shape[1])
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(weights.shape[:-1]))
    assert len(network.encoder_layers()) == 2


def test_a_classifier_without_network_says_so():
    from tests.explanations.toys import linear_classifier

    with pytest.raises(ModelError, match="has no gradients; use a method that needs no network"):
        linear_classifier().token_network()


def test_a_module_without_layers_or_attention_says_so(tiny_folder):
    from transformers import AutoTokenizer

    from tests.explanations.toys import mean_classifier

    network = mean_classifier(AutoTokenizer.from_pretrained(tiny_folder)).token_network()
    ids, _ = network.encode(TEXT)
    with pytest.raises(ModelError, match="no encoder layers"):
        network.encoder_layers()
    with pytest.raises(ModelError, match="does not return attention weights"):
        network.attentions(ids)
    network.module.config = {}  # it is not called as models of transformers are
    with pytest.raises(ModelError, match="does not return attention weights"):
        network.attentions(ids)
