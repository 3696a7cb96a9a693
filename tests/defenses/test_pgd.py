from __future__ import annotations

import pytest
import torch

from robustbert.defenses import StepCost, make_defense
from robustbert.errors import InputError
from tests.defenses.perturbed import (
    gradients,
    loss_of_text,
    make_inputs,
    make_network,
    perturbed_inputs,
    texts_of,
    uniform_start,
)


def searched_loss(network, inputs, start, *, steps, step_size, radius, norm, clean_weight=0.0):
    """The loss by the definition: each text alone, without padding."""
    losses = []
    for row, (ids, label) in enumerate(texts_of(inputs)):
        delta = start[row : row + 1, : ids.shape[1]]
        for _ in range(steps):
            delta = delta.detach().requires_grad_()
            loss = loss_of_text(network, ids, label, delta)
            (gradient,) = torch.autograd.grad(loss, delta)
            if norm == "l2":
                delta = delta + step_size * gradient / gradient.square().sum().sqrt()
                length = delta.square().sum().sqrt()
                if radius and length > radius:
                    delta = delta * radius / length
            else:
                delta = delta + step_size * gradient / gradient.abs().max()
                if radius:
                    delta = torch.minimum(
                        torch.maximum(delta, -radius * torch.ones(1)), torch.tensor(radius)
                    )
        losses.append(loss_of_text(network, ids, label, delta.detach()))
        losses[-1] = losses[-1] + clean_weight * loss_of_text(network, ids, label, 0.0)
    return torch.stack(losses).mean()


@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize(("steps", "radius"), [(1, 0.0), (3, 0.0), (3, 0.08)])
def test_loss_and_gradients_are_those_of_the_definition(tiny_victim, norm, steps, radius):
    network, inputs = make_network(tiny_victim), make_inputs()
    params = {"steps": steps, "step_size": 0.04, "initial_norm": 0.05, "max_norm": radius}
    start = uniform_start(network, inputs, 0.05, norm)
    expected = searched_loss(
        network, inputs, start, steps=steps, step_size=0.04, radius=radius, norm=norm
    )
    expected.backward()
    wanted = gradients(network)
    network.zero_grad()
    torch.manual_seed(0)
    loss = make_defense("pgd", {**params, "norm": norm}).training_loss(network, inputs)
    loss.backward()
    torch.testing.assert_close(loss, expected)
    found = gradients(network)
    assert found.keys() == wanted.keys()
    for name, gradient in wanted.items():
        torch.testing.assert_close(found[name], gradient)
    clean = make_defense("pgd", {"steps": 0}).training_loss(network, inputs)
    assert loss > clean


def test_fgm_is_one_step_from_no_start_beside_the_clean_loss(tiny_victim):
    network, inputs = make_network(tiny_victim), make_inputs()
    params = {"steps": 1, "initial_norm": 0, "clean_weight": 1, "step_size": 0.1}
    defense = make_defense("pgd", params)
    before = torch.get_rng_state()
    loss = defense.training_loss(network, inputs)
    assert torch.get_rng_state().equal(before), "it draws nothing"
    start = torch.zeros(3, 8, network.config.hidden_size, dtype=torch.float64)
    expected = searched_loss(
        network, inputs, start, steps=1, step_size=0.1, radius=0, norm="l2", clean_weight=1
    )
    torch.testing.assert_close(loss, expected)
    assert defense.step_cost == StepCost(3, 3)


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_perturbations_stay_in_the_ball_and_reach_its_edge(tiny_victim, norm, monkeypatch):
    network, inputs = make_network(tiny_victim), make_inputs()
    params = {"steps": 4, "step_size": 0.1, "initial_norm": 0.5, "max_norm": 0.15, "norm": norm}
    defense = make_defense("pgd", params)
    seen = perturbed_inputs(defense, network, inputs, monkeypatch)
    clean = network.get_input_embeddings()(inputs["input_ids"])
    assert len(seen) == 5 == defense.step_cost.forward == defense.step_cost.backward
    moved = seen - clean
    size = moved.flatten(2).norm(dim=2) if norm == "l2" else moved.flatten(2).abs().amax(dim=2)
    assert (size <= 0.15 * (1 + 1e-12)).all()
    assert torch.allclose(size[-1], torch.tensor(0.15, dtype=torch.float64))


def test_defaults_are_those_of_li_et_al():
    assert make_defense("pgd", {}).params() == {
        "steps": 5,
        "step_size": 0.03,
        "initial_norm": 0.05,
        "max_norm": 0.0,
        "norm": "l2",
        "clean_weight": 0.0,
    }


@pytest.mark.parametrize("wrong", [{"norm": "l1"}, {"clean_weight": -1}])
def test_its_own_parameters_are_validated(wrong):
    with pytest.raises(InputError, match=rf"{next(iter(wrong))} is .*; give"):
        make_defense("pgd", wrong)
