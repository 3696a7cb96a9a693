from __future__ import annotations

import pytest
import torch

from robustbert.defenses import StepCost, make_defense
from tests.defenses.perturbed import (
    gradients,
    loss_of_text,
    make_inputs,
    make_network,
    perturbed_inputs,
    texts_of,
    uniform_start,
)


def accumulated_loss(network, inputs, start, *, steps, step_size, radius):
    """The loss by algorithm 1 of the paper: each text alone, without padding."""
    losses = []
    for row, (ids, label) in enumerate(texts_of(inputs)):
        delta = start[row : row + 1, : ids.shape[1]]
        for _ in range(steps):
            delta = delta.detach().requires_grad_()
            losses.append(loss_of_text(network, ids, label, delta) / steps)
            (gradient,) = torch.autograd.grad(losses[-1], delta, retain_graph=True)
            delta = delta + step_size * gradient / gradient.square().sum().sqrt()
            length = delta.square().sum().sqrt()
            if radius and length > radius:
                delta = delta * radius / length
    return torch.stack(losses).sum() / len(inputs["labels"])


@pytest.mark.parametrize("name", ["freelb", "freelb++"])
@pytest.mark.parametrize(("steps", "radius"), [(1, 0.2), (2, 0.2), (4, 0.2), (4, 0.0)])
def test_loss_and_gradients_are_those_of_the_paper(tiny_victim, name, steps, radius):
    network, inputs = make_network(tiny_victim), make_inputs()
    start = uniform_start(network, inputs, 0.3, "l2")
    expected = accumulated_loss(network, inputs, start, steps=steps, step_size=0.1, radius=radius)
    expected.backward()
    wanted = gradients(network)
    network.zero_grad()
    params = {"steps": steps, "step_size": 0.1, "initial_norm": 0.3, "max_norm": radius}
    defense = make_defense(name, params)
    torch.manual_seed(0)
    loss = defense.training_loss(network, inputs)
    loss.backward()
    torch.testing.assert_close(loss, expected)
    found = gradients(network)
    assert found.keys() == wanted.keys()
    for key, gradient in wanted.items():
        torch.testing.assert_close(found[key], gradient)
    assert defense.step_cost == StepCost(steps, steps)


def test_perturbations_stay_in_the_ball(tiny_victim, monkeypatch):
    network, inputs = make_network(tiny_victim), make_inputs()
    params = {"steps": 4, "step_size": 0.5, "initial_norm": 9.0, "max_norm": 0.7}
    defense = make_defense("freelb", params)
    seen = perturbed_inputs(defense, network, inputs, monkeypatch)
    sizes = (seen - network.get_input_embeddings()(inputs["input_ids"])).flatten(2).norm(dim=2)
    assert sizes.shape == (4, 3)
    assert (sizes <= 0.7 * (1 + 1e-12)).all()
    torch.testing.assert_close(sizes[0], torch.full_like(sizes[0], 0.7))


@pytest.mark.parametrize(("same", "number"), [(True, 1), (False, 4)])
def test_dropout_masks_are_the_same_in_all_passes_if_asked(tiny_base, monkeypatch, same, number):
    network, inputs = make_network(tiny_base, dropout=0.5), make_inputs()
    masks = []
    first = next(part for part in network.modules() if isinstance(part, torch.nn.Dropout))
    first.register_forward_hook(lambda _module, _inputs, output: masks.append(output.eq(0)))
    make_defense("freelb", {"steps": 4, "same_dropout": same}).training_loss(network, inputs)
    assert len(masks) == 4
    assert len({tuple(mask.flatten().tolist()) for mask in masks}) == number
    make_defense("freelb", {"steps": 1}).training_loss(network, inputs)
    assert not masks[-1].equal(masks[0]), "the next batch has other masks"


def test_each_pass_frees_its_graph(tiny_base):
    """The loss refers to the graph of the last pass and to sums of gradients alone."""
    sizes = []
    for steps in (2, 6):
        network = make_network(tiny_base)
        loss = make_defense("freelb", {"steps": steps}).training_loss(network, make_inputs())
        seen, todo = set(), [loss.grad_fn]
        while todo:
            node = todo.pop()
            if node is not None and node not in seen:
                seen.add(node)
                todo += [following for following, _ in node.next_functions]
        sizes.append(len(seen))
    assert sizes[0] == sizes[1]
