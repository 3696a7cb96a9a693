from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from robustbert.defenses import make_defense
from robustbert.errors import InputError
from tests.defenses.perturbed import gradients, make_inputs, make_network


@pytest.mark.parametrize(("factor", "sign"), [(0.5, 1.0), (1.5, -1.0)])
def test_the_loss_is_mirrored_at_the_level(tiny_victim, factor, sign):
    """Above the level the gradients are those of plain training, below it their opposite."""
    network, inputs = make_network(tiny_victim), make_inputs()
    labels = inputs.pop("labels")
    plain = cross_entropy(network(**inputs).logits, labels)
    plain.backward()
    wanted = gradients(network)
    network.zero_grad()
    level = factor * plain.item()
    loss = make_defense("flooding", {"level": level}).training_loss(
        network, {**inputs, "labels": labels}
    )
    loss.backward()
    assert loss.item() == pytest.approx(level + abs(plain.item() - level))
    assert loss.item() >= level
    for name, gradient in gradients(network).items():
        torch.testing.assert_close(gradient, sign * wanted[name])


@pytest.mark.parametrize("level", [-0.1, math.nan])
def test_the_level_is_not_negative(level):
    with pytest.raises(InputError, match=r"level is .*; give a number of at least 0"):
        make_defense("flooding", {"level": level})
