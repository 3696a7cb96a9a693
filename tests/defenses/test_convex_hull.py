"""Mixtures of words and their substitutes."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from robustbert.defenses.convex_hull import ConvexHulls
from robustbert.defenses.embedding_perturbation import Batch
from robustbert.defenses.substitutions import substitute_table
from robustbert.models.huggingface_files import read_tokenizer
from tests.defenses.perturbed import make_network


@pytest.fixture(scope="module")
def tokenizer(tiny_victim) -> Any:
    return read_tokenizer(tiny_victim)


@pytest.fixture
def batch(tiny_victim, tokenizer) -> Batch:
    inputs = dict(
        tokenizer(["a good film", "x the filmx dull very"], padding=True, return_tensors="pt")
    )
    return Batch.of(make_network(tiny_victim), {**inputs, "labels": torch.tensor([0, 1])})


@pytest.fixture
def hulls(batch, tokenizer) -> ConvexHulls:
    return ConvexHulls.of(batch, substitute_table(tokenizer, len(tokenizer), 4, 0.35))


def test_tokens_with_substitutes_have_hulls(hulls, tokenizer):
    ids = hulls.batch.input_ids
    words = tokenizer.convert_ids_to_tokens(ids[hulls.positions].tolist())
    assert words == ["good", "film", "x", "dull"]
    assert hulls.ids[:, 0].equal(ids[hulls.positions])
    assert hulls.ids.shape == hulls.mask.shape == (4, 5)
    assert hulls.mask.sum(dim=1).tolist() != [5] * 4, "some have fewer substitutes"


def test_weights_are_a_softmax_over_the_substitutes_there_are(hulls):
    logits = torch.randn(4, 5, dtype=torch.float64).requires_grad_()
    weights = hulls.weights(logits)
    entropies = hulls.entropies(logits)
    for row in range(4):
        kept = hulls.mask[row]
        exact = [math.exp(value) for value in logits[row][kept].tolist()]
        expected = [value / sum(exact) for value in exact]
        torch.testing.assert_close(weights[row][kept].tolist(), expected)
        assert weights[row][~kept].eq(0).all()
        entropy = -sum(value * math.log(value) for value in expected)
        torch.testing.assert_close(entropies[row].item(), entropy)
    entropies.sum().backward()
    assert logits.grad.isfinite().all()
    assert logits.grad[~hulls.mask].eq(0).all()


def test_a_mixture_is_the_weighted_sum_of_embeddings(hulls):
    weights = hulls.weights(torch.randn(4, 5, dtype=torch.float64))
    found = hulls.batch.embeddings() + hulls.perturbation(weights, hulls.directions())
    table = hulls.batch.network.get_input_embeddings().weight
    mixed = [
        sum(weight * table[i] for weight, i in zip(row, ids, strict=True))
        for row, ids in zip(weights, hulls.ids, strict=True)
    ]
    torch.testing.assert_close(found[hulls.positions], torch.stack(mixed))
    clean = hulls.batch.embeddings()
    assert found[~hulls.positions].equal(clean[~hulls.positions])


def test_mixtures_train_the_embeddings_of_substitutes(hulls):
    weights = hulls.weights(torch.zeros(4, 5, dtype=torch.float64))
    points = hulls.batch.embeddings() + hulls.perturbation(weights, hulls.directions())
    table = hulls.batch.network.get_input_embeddings().weight
    (gradient,) = torch.autograd.grad(points[hulls.positions].sum(), table)
    expected = torch.zeros(len(table), dtype=torch.float64)
    for row, ids in zip(weights, hulls.ids, strict=True):
        expected.index_add_(0, ids, row)
    torch.testing.assert_close(gradient[:, 0], expected)


def test_mixtures_are_exact_under_autocast(hulls):
    weights = hulls.weights(torch.randn(4, 5, dtype=torch.float64)).float()
    directions = hulls.directions().float()
    expected = hulls.perturbation(weights, directions)
    with torch.autocast("cpu", torch.bfloat16):
        assert hulls.perturbation(weights, directions).equal(expected)
