"""Padded inference for arbitrary transformers models."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from transformers import RobertaConfig, RobertaForSequenceClassification

from robustbert.models.inference.padded import Layout, PaddedNetwork


class Tokenizer:
    """The parts of a tokenizer that `PaddedNetwork` uses."""

    pad_token_id = 1
    padding_side = "right"


@pytest.fixture(scope="module")
def roberta() -> RobertaForSequenceClassification:
    config = RobertaConfig(
        vocab_size=50,
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        max_position_embeddings=202,
        initializer_range=0.2,
        pad_token_id=1,
        num_labels=3,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return RobertaForSequenceClassification(config).eval()


@pytest.fixture(scope="module")
def sequences() -> list[list[int]]:
    chance = random.Random(0)
    lengths = [1, 2, 200, *(chance.randint(5, 40) for _ in range(40))]
    return [[chance.randrange(2, 50) for _ in range(length)] for length in lengths]


def padded(model, token_budget: int = 4096) -> PaddedNetwork:
    return PaddedNetwork.of_transformers(
        model, Tokenizer(), max_length=200, token_budget=token_budget
    )


def test_logits_match_one_text_at_a_time(roberta, sequences):
    with torch.inference_mode():
        alone = [roberta(input_ids=torch.tensor([tokens])).logits[0] for tokens in sequences]
    found = padded(roberta).logits(sequences)
    np.testing.assert_allclose(found, torch.stack(alone).numpy(), atol=2e-5)


@pytest.mark.parametrize("side", ["left", "right"])
def test_embeddings_of_the_tokens_give_the_logits_of_the_tokens(roberta, sequences, side):
    tokenizer = Tokenizer()
    tokenizer.padding_side = side
    network = PaddedNetwork.of_transformers(roberta, tokenizer, max_length=200, token_budget=4096)
    weight = roberta.get_input_embeddings().weight.detach()
    found = network.logits([weight[tokens] for tokens in sequences])
    if side == "right":  # positions of RoBERTa depend on the padding token, which is no embedding
        np.testing.assert_allclose(found, network.logits(sequences), atol=2e-5)
    np.testing.assert_array_equal(
        network.logits([weight[tokens] for tokens in sequences[:9]]), found[:9]
    )


def test_row_depends_on_its_sequence_alone(roberta, sequences):
    together = padded(roberta).logits(sequences)
    np.testing.assert_array_equal(padded(roberta, token_budget=1).logits(sequences), together)
    chance = random.Random(1)
    for _ in range(10):
        rows = chance.sample(range(len(sequences)), chance.randint(1, 20))
        some = padded(roberta).logits([sequences[row] for row in rows])
        np.testing.assert_array_equal(some, together[rows])


def test_with_fixed_shapes_a_row_is_computed_by_the_same_attention_kernel(sequences):
    """transformers drops a mask of ones, and attention without a mask may round differently."""

    def network(inputs: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        kernel = float(mask.all())
        return torch.stack([(inputs * mask).sum(1), torch.full((len(inputs),), kernel)], dim=1)

    layout = Layout(0, pad_left=False, max_length=200, token_budget=512, check_linears=False)
    padded = PaddedNetwork(network, torch.device("cpu"), layout)
    padded._fixed_shapes = True
    alone = padded.logits(sequences, unbatched=True)
    assert set(alone[:, 1]) == {0, 1}
    np.testing.assert_array_equal(padded.logits(sequences), alone)
