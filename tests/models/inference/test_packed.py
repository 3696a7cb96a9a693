"""Packed BERT inference compared with transformers."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from robustbert.models.inference.packed import MAX_SHORT_LENGTH, PackedBert, PackedNetwork, can_pack

SIZES = {
    "vocab_size": 50,
    "hidden_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 96,
    "max_position_embeddings": 200,
    "initializer_range": 0.2,
}


@pytest.fixture(scope="module")
def network() -> BertForSequenceClassification:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return BertForSequenceClassification(BertConfig(**SIZES, num_labels=3)).eval()


@pytest.fixture(scope="module")
def sequences() -> list[list[int]]:
    """Sequences with lengths around the limit of unfused attention, some of them repeated."""
    chance = random.Random(0)
    lengths = [
        1,
        2,
        MAX_SHORT_LENGTH - 1,
        MAX_SHORT_LENGTH,
        MAX_SHORT_LENGTH,
        MAX_SHORT_LENGTH + 1,
        200,
    ]
    lengths += [chance.randint(5, 12) for _ in range(40)]
    return [[chance.randrange(50) for _ in range(length)] for length in lengths]


def each_alone(sequences: list[list[int]], function) -> torch.Tensor:
    with torch.inference_mode():
        return torch.stack([function(torch.tensor([tokens])) for tokens in sequences])


def test_logits_match_transformers(network, sequences):
    expected = each_alone(sequences, lambda ids: network(input_ids=ids).logits[0])
    found = torch.from_numpy(PackedNetwork(network, "float32").logits(sequences))
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=0)
    coarse = torch.from_numpy(PackedNetwork(network, "bfloat16").logits(sequences))
    assert 0 < (coarse - expected).abs().max() < 0.1


def test_means_and_first_tokens_match_transformers(network, sequences):
    states = lambda ids: network.bert(input_ids=ids).last_hidden_state[0]  # noqa: E731
    packed = PackedBert(network.bert, "float32")
    expected = each_alone(sequences, lambda ids: states(ids).mean(dim=0))
    torch.testing.assert_close(packed.means(sequences), expected, atol=2e-5, rtol=0)
    expected = each_alone(sequences, lambda ids: states(ids)[0])
    torch.testing.assert_close(packed.first_tokens(sequences), expected, atol=2e-5, rtol=0)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_embeddings_of_the_tokens_give_the_rows_of_the_tokens(network, sequences, dtype: str):
    packed = PackedNetwork(network, dtype)
    weight = network.get_input_embeddings().weight.detach()
    found = packed.logits([weight[tokens] for tokens in sequences])
    np.testing.assert_array_equal(found, packed.logits(sequences))


def test_embeddings_match_transformers_and_depend_on_their_text_alone(network):
    generator = torch.Generator().manual_seed(0)
    texts = [torch.randn(length, 48, generator=generator) for length in (1, 7, 7, 65, 200)]
    packed = PackedNetwork(network, "float32")
    with torch.inference_mode():
        expected = torch.cat([network(inputs_embeds=text[None]).logits for text in texts])
    found = packed.logits(texts)
    np.testing.assert_allclose(found, expected, atol=2e-5)
    np.testing.assert_array_equal(packed.logits(texts[::-1])[::-1], found)
    np.testing.assert_array_equal(packed.logits(texts, unbatched=True), found)


def test_network_with_one_layer(sequences):
    torch.manual_seed(0)
    network = BertForSequenceClassification(BertConfig(**SIZES | {"num_hidden_layers": 1})).eval()
    expected = each_alone(sequences, lambda ids: network(input_ids=ids).logits[0])
    found = torch.from_numpy(PackedNetwork(network, "float32").logits(sequences))
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=0)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_row_depends_on_its_sequence_alone(network, sequences, dtype: str):
    packed = PackedBert(network.bert, dtype)
    first, means = packed.first_tokens(sequences), packed.means(sequences)
    small = PackedBert(network.bert, dtype, token_budget=1)
    assert small.first_tokens(sequences).equal(first)
    chance = random.Random(1)
    for _ in range(20):
        rows = chance.sample(range(len(sequences)), chance.randint(1, 20))
        some = [sequences[row] for row in rows]
        assert packed.first_tokens(some).equal(first[rows])
        assert packed.means(some).equal(means[rows])


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_rows_do_not_depend_on_the_number_of_threads(network, sequences, dtype: str):
    packed = PackedBert(network.bert, dtype)
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(packed.first_tokens(sequences))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert found[0].equal(found[1])
    assert found[0].equal(found[2])


def test_only_standard_bert_is_packed(network):
    assert can_pack(network)
    assert can_pack(network.bert)
    assert not can_pack(BertForSequenceClassification(BertConfig(**SIZES, hidden_act="relu")))
    assert not can_pack(BertModel(BertConfig(**SIZES, is_decoder=True)))
    relative = BertConfig(**SIZES, position_embedding_type="relative_key")
    assert not can_pack(BertForSequenceClassification(relative))
    roberta = RobertaConfig(**SIZES, pad_token_id=1)
    assert not can_pack(RobertaForSequenceClassification(roberta))


def test_error_in_a_thread_is_raised_and_thread_count_is_restored(network):
    before = torch.get_num_threads()
    with pytest.raises(IndexError):
        PackedBert(network.bert, "float32").means([[1, 2], [50_000]])
    assert torch.get_num_threads() == before
