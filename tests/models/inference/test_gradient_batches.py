"""How texts share the batches of gradients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from robustbert.models.inference import gradient_batches
from robustbert.models.inference.gradient_batches import GradientBatches
from robustbert.models.inference.invariance import DtypeProblem
from robustbert.models.inference.invariance_cache import empty_invariance_cache
from tests.defenses.perturbed import make_network

SAMPLES = [(2, 7, 3), (2, 9, 8, 7, 6, 3), (2, 5, 5, 5, 4, 3)]
SEQUENCES = [[2, 8, 3], [2, 9, 3], [2, 8, 9, 3], [2, 6, 3]]


@pytest.fixture
def network(tiny_folder) -> Iterator:
    network = make_network(tiny_folder, dtype=torch.float32).eval().requires_grad_(False)
    with empty_invariance_cache():
        yield network


@pytest.fixture
def shapes(network) -> list[tuple[int, ...]]:
    """The shapes of the token ids that the network gets, in order."""
    seen: list[tuple[int, ...]] = []
    network.register_forward_pre_hook(
        lambda _module, _args, given: seen.append(tuple(given["input_ids"].shape)),
        with_kwargs=True,
    )
    return seen


def test_texts_of_equal_length_share_a_batch(network, shapes):
    batches = GradientBatches(network, SAMPLES)
    batches.compute(SEQUENCES[:1])  # checks batch invariance
    shapes.clear()
    found = batches.compute(SEQUENCES)
    assert sorted(shapes) == [(1, 4), (3, 3)]
    assert [gradient.shape for gradient in found] == [(len(ids), 16) for ids in SEQUENCES]
    for ids, gradient in zip(SEQUENCES, found, strict=True):
        (alone,) = batches.compute([ids])
        assert alone.tobytes() == gradient.tobytes()


def test_batches_have_a_maximum_size(network, shapes, monkeypatch):
    monkeypatch.setattr(gradient_batches, "GRADIENT_TOKENS", 7)
    batches = GradientBatches(network, SAMPLES)
    batches.compute(SEQUENCES[:1])
    shapes.clear()
    batches.compute(SEQUENCES)
    assert sorted(shapes) == [(1, 3), (1, 4), (2, 3)]


def test_texts_are_computed_one_by_one_if_batches_change_gradients(network, shapes, monkeypatch):
    problem = DtypeProblem("a gradient depends on its batch", runs=True)
    monkeypatch.setattr(gradient_batches, "find_dtype_problem", lambda *_: problem)
    GradientBatches(network, SAMPLES).compute(SEQUENCES)
    assert sorted(shapes) == [(1, 3), (1, 3), (1, 3), (1, 4)]


def test_a_gradient_that_depends_on_its_batch_is_found(network, monkeypatch):
    forward = network.forward

    def leaking(input_ids):
        """Scores that depend a little on the other texts of the batch."""
        output = forward(input_ids=input_ids)
        output.logits = output.logits * (1 + 1e-3 * len(input_ids))
        return output

    assert GradientBatches(network, SAMPLES)._are_batches_invariant
    with empty_invariance_cache():
        monkeypatch.setattr(network, "forward", leaking)
        assert not GradientBatches(network, SAMPLES)._are_batches_invariant
