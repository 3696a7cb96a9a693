from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import cross_entropy

from robustbert.defenses import StepCost, make_defense
from robustbert.defenses.moving_average import MovingAverage, averaged_network
from robustbert.errors import InputError
from tests.defenses.perturbed import (
    gradients,
    make_inputs,
    make_network,
    perturbed_inputs,
    texts_of,
)


def divergence(logits, others):
    """The symmetric Kullback-Leibler divergence of one text's predictions."""
    p, q = logits.softmax(dim=1), others.softmax(dim=1)
    return (p * (p / q).log()).sum() + (q * (q / p).log()).sum()


def smoothed_loss(network, inputs, noise, *, alpha, steps, step_size, radius):
    """The loss by the paper: each text alone, without padding."""
    losses = []
    for row, (ids, label) in enumerate(texts_of(inputs)):
        embeddings = network.get_input_embeddings().weight[ids]
        clean = network(ids).logits
        delta = noise[row : row + 1, : ids.shape[1]].clone()
        for step in range(steps + 1):
            if radius:
                delta = delta.clip(-radius, radius)
            if step == steps:
                break
            delta = delta.detach().requires_grad_()
            found = divergence(clean.detach(), network(inputs_embeds=embeddings + delta).logits)
            (gradient,) = torch.autograd.grad(found, delta, retain_graph=True)
            largest = gradient.abs().max(dim=2, keepdim=True).values
            delta = (delta + step_size * gradient / largest).detach()
        far = network(inputs_embeds=embeddings + delta).logits
        losses.append(cross_entropy(clean, label) + alpha * divergence(clean, far))
    return torch.stack(losses).mean()


@pytest.mark.parametrize(("steps", "radius"), [(0, 0.0), (1, 0.0), (1, 0.03), (3, 0.06)])
def test_loss_and_gradients_are_those_of_the_paper(tiny_victim, steps, radius):
    network, inputs = make_network(tiny_victim), make_inputs()
    torch.manual_seed(0)
    noise = 0.02 * torch.randn(3, 8, network.config.hidden_size, dtype=torch.float64)
    sizes = {"steps": steps, "step_size": 0.05}
    expected = smoothed_loss(network, inputs, noise, alpha=2.0, radius=radius, **sizes)
    expected.backward()
    wanted = gradients(network)
    network.zero_grad()
    params = {"alpha": 2.0, "noise": 0.02, "max_norm": radius, **sizes}
    defense = make_defense("smart", params)
    torch.manual_seed(0)
    loss = defense.training_loss(network, inputs)
    loss.backward()
    torch.testing.assert_close(loss, expected)
    found = gradients(network)
    assert found.keys() == wanted.keys()
    for name, gradient in wanted.items():
        torch.testing.assert_close(found[name], gradient)
    assert defense.step_cost == StepCost(steps + 2, steps + 2)


def test_perturbations_stay_in_the_ball_and_reach_its_edge(tiny_victim, monkeypatch):
    network, inputs = make_network(tiny_victim), make_inputs()
    defense = make_defense("smart", {"steps": 3, "noise": 0.1, "max_norm": 0.05, "step_size": 0.2})
    seen = perturbed_inputs(defense, network, inputs, monkeypatch)
    largest = (seen - network.get_input_embeddings()(inputs["input_ids"])).flatten(2).abs().amax(2)
    assert largest.shape == (4, 3)
    torch.testing.assert_close(largest, torch.full_like(largest, 0.05))


def test_the_bregman_term_is_the_divergence_from_the_average(tiny_victim):
    network, inputs = make_network(tiny_victim), make_inputs()
    MovingAverage().on_init_end(None, None, None, model=network)
    defense = make_defense("smart", {"alpha": 0, "bregman_weight": 3.0})
    plain = make_defense("smart", {"alpha": 0}).training_loss(network, inputs)
    torch.testing.assert_close(defense.training_loss(network, inputs), plain)
    with torch.no_grad():
        for weight in averaged_network(network).parameters():
            weight.mul_(0.9)
    terms = [
        divergence(network(ids).logits, averaged_network(network)(ids).logits)
        for ids, _ in texts_of(inputs)
    ]
    loss = defense.training_loss(network, inputs)
    torch.testing.assert_close(loss, plain + 3.0 * torch.stack(terms).mean())
    assert defense.step_cost == StepCost(2, 1)


def test_the_average_moves_slower_after_a_tenth_of_the_training(tiny_base):
    network = make_network(tiny_base)
    first = copy.deepcopy(network)
    callback = MovingAverage()
    callback.on_init_end(None, None, None, model=network)
    with torch.no_grad():
        for weight in network.parameters():
            if weight.requires_grad:
                weight.add_(1.0)
    for step, moved in ((10, 0.01), (11, 0.01 + 0.99 * 0.001)):
        state = SimpleNamespace(global_step=step, max_steps=100)
        callback.on_step_end(None, state, None, model=network)
        start = dict(first.named_parameters())
        for name, mean in averaged_network(network).named_parameters():
            torch.testing.assert_close(mean, start[name] + moved)
    callback.on_train_end(None, None, None, model=network)
    assert not hasattr(network, "averaged_network")


@pytest.mark.parametrize(
    "name", ["alpha", "steps", "step_size", "noise", "max_norm", "bregman_weight"]
)
def test_parameters_out_of_range_are_rejected_by_name(name):
    with pytest.raises(InputError, match=f"{name} is -1; give a"):
        make_defense("smart", {name: -1})
