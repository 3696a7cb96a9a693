"""The network, its losses, and the bases that it can be loaded from."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from robustbert.errors import InputError, ModelError
from robustbert.metrics import clustered_proportion
from robustbert.models.pretrained import find_base
from robustbert.training.pretraining.held_out_scores import measure_held_out, perplexity
from robustbert.training.pretraining.pretraining_config import PretrainingConfig
from robustbert.training.pretraining.pretraining_network import (
    PretrainingOutput,
    check_bert,
    check_tokenizer,
    load_bert,
)
from robustbert.training.pretraining.pretraining_run import _collator
from robustbert.training.pretraining.pretraining_trainer import PretrainingTrainer
from tests.tiny import make_tiny_bert
from tests.training.pretraining.test_pretraining_rows import rows_of


@pytest.fixture(scope="module")
def loaded(tiny_base):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return load_bert(tiny_base)


@pytest.fixture(scope="module")
def rows(documents, tokenizer):
    return rows_of(documents, tokenizer, objectives=("mlm", "nsp"))


@pytest.fixture(scope="module")
def own_scores(loaded, rows, tokenizer):
    """What ``BertForPreTraining`` itself says, by transformers' own forward pass."""
    import transformers

    plain = transformers.BertForPreTraining(loaded.network.config)
    plain.load_state_dict(loaded.network.state_dict())
    batch = _collator(tokenizer)([rows[i] for i in range(len(rows))])
    with torch.inference_mode():
        return batch, plain.eval()(**batch)


def test_the_losses_are_those_of_transformers(loaded, own_scores):
    batch, expected = own_scores
    network = loaded.network.eval()
    with torch.inference_mode():
        both = network(**batch)
        mlm = network(**{k: v for k, v in batch.items() if k != "next_sentence_label"})
        nsp = network(**{k: v for k, v in batch.items() if k != "labels"})
    assert both.loss.item() == pytest.approx(expected.loss.item(), rel=1e-5)
    assert both.loss == both.mlm_loss + both.nsp_loss
    assert (mlm.loss, mlm.nsp_loss) == (both.mlm_loss, None)
    assert (nsp.loss, nsp.mlm_loss) == (both.nsp_loss, None)


def test_a_batch_without_masked_tokens_has_no_loss(loaded, own_scores):
    batch = {k: v for k, v in own_scores[0].items() if k != "next_sentence_label"}
    batch["labels"] = torch.full_like(batch["labels"], -100)
    assert loaded.network(**batch).loss.item() == 0


def test_held_out_scores_are_those_of_transformers(loaded, rows, tokenizer, own_scores):
    batch, expected = own_scores
    found = measure_held_out(loaded.network, rows, _collator(tokenizer), batch_size=5)
    masked = batch["labels"] != -100
    labels = batch["labels"][masked]
    logits = expected.prediction_logits[masked]
    right = int((logits.argmax(-1) == labels).sum())
    assert found.masked_accuracy.value == right / len(labels)
    is_right = (expected.prediction_logits.argmax(-1) == batch["labels"]) & masked
    by_row = clustered_proportion(is_right.sum(dim=1).tolist(), masked.sum(dim=1).tolist())
    assert found.masked_accuracy.low == pytest.approx(by_row.low)
    nats = torch.nn.functional.cross_entropy(logits, labels).item()
    assert found.cross_entropy == pytest.approx(nats, rel=1e-5)
    assert found.perplexity.value == pytest.approx(math.exp(nats), rel=1e-5)
    pairs = expected.seq_relationship_logits.argmax(-1) == batch["next_sentence_label"]
    assert found.next_sentence_accuracy.value == pairs.float().mean().item()
    assert found.rows == found.next_sentence_accuracy.n == len(rows)
    assert list(found.lines()) == [
        "masked accuracy",
        "perplexity of masked tokens",
        "next sentence accuracy",
    ]


def test_scores_of_pairs_that_are_not_finite_are_refused(tiny_base, documents, tokenizer):
    with torch.random.fork_rng(devices=[]):
        network = load_bert(tiny_base).network
    with torch.no_grad():
        network.cls.seq_relationship.bias.fill_(math.nan)
    rows = rows_of(documents[:4], tokenizer, objectives=("nsp",))
    with pytest.raises(ModelError, match="predicts NaN for held-out texts"):
        measure_held_out(network, rows, _collator(tokenizer), batch_size=5)


def test_the_losses_of_several_devices_are_averaged():
    trainer = object.__new__(PretrainingTrainer)
    trainer._sums, trainer._batches = {}, 0
    both = torch.tensor([1.0, 3.0])  # as torch.nn.DataParallel gathers them
    output = PretrainingOutput(loss=both, mlm_loss=both)
    assert trainer.compute_loss(lambda: output, {}) is both
    assert trainer._sums == {"mlm_loss": torch.tensor(2.0)}


def test_the_interval_of_the_perplexity_is_that_of_a_bootstrap_over_rows():
    generator = np.random.default_rng(0)
    counts = generator.integers(1, 9, size=300)
    sums = counts * generator.gamma(4, 0.7, size=300)
    found = perplexity(sums.tolist(), counts.tolist())
    draws = generator.integers(300, size=(4000, 300))
    resampled = np.exp(sums[draws].sum(1) / counts[draws].sum(1))
    assert found.value == pytest.approx(math.exp(sums.sum() / counts.sum()))
    assert found.low == pytest.approx(np.quantile(resampled, 0.025), rel=0.02)
    assert found.high == pytest.approx(np.quantile(resampled, 0.975), rel=0.02)
    assert perplexity([2.0], [1]).low is None
    assert str(perplexity([2000.0, 1.0], [1, 1])) == "n/a"


def test_new_heads_are_tied_to_the_embeddings(loaded):
    network = loaded.network
    assert network.cls.predictions.decoder.weight is network.bert.embeddings.word_embeddings.weight
    assert network.cls.predictions.decoder.bias is network.cls.predictions.bias
    assert network.cls.predictions.bias.abs().sum() == 0
    assert all(name.startswith("cls.") for name in loaded.new_weights)


def test_a_base_without_heads_or_pooler(tmp_path, tokenizer):
    import transformers

    config = transformers.BertConfig.from_pretrained(make_tiny_bert(tmp_path / "tiny"))
    bare = transformers.BertModel(config, add_pooling_layer=False)
    bare.save_pretrained(tmp_path / "bare", safe_serialization=True)
    found = load_bert(tmp_path / "bare")
    assert {name.split(".")[1] for name in found.new_weights} >= {"pooler", "predictions"}
    assert found.network.bert.embeddings.word_embeddings.weight.equal(
        bare.embeddings.word_embeddings.weight
    )


def test_labels_of_a_classifier_are_forgotten(loaded):
    assert loaded.network.config.id2label == {0: "LABEL_0", 1: "LABEL_1"}


def test_bases_that_are_no_bert(tmp_path):
    import transformers

    with pytest.raises(ModelError, match="cannot pre-train tfidf-nb, which is a classical model"):
        check_bert(find_base("tfidf-nb"))
    make_tiny_bert(tmp_path / "other")
    config = transformers.DistilBertConfig(
        vocab_size=99, dim=8, hidden_dim=8, n_layers=1, n_heads=1
    )
    transformers.DistilBertModel(config).save_pretrained(tmp_path / "other")
    with pytest.raises(ModelError, match="other, which is of the type distilbert; use a BERT"):
        check_bert(find_base(str(tmp_path / "other")))


def test_a_base_that_lacks_weights(tmp_path):
    from safetensors.torch import load_file, save_file

    path = make_tiny_bert(tmp_path / "tiny") / "model.safetensors"
    weights = load_file(path)
    del weights["bert.encoder.layer.0.output.dense.weight"]
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks the weights bert\.encoder\.layer\.0"):
        load_bert(Path(tmp_path / "tiny"))


def test_rows_longer_than_the_base_takes(loaded, tokenizer):
    with pytest.raises(InputError, match="max_length is 200, but the base takes at most 128"):
        check_tokenizer(loaded.network, tokenizer, PretrainingConfig(max_length=200))
