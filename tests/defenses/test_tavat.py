from __future__ import annotations

import numpy as np
import pytest
import torch

from robustbert.defenses import StepCost, make_defense
from robustbert.defenses.token_table import attached_table
from robustbert.errors import InputError
from tests.defenses.perturbed import (
    attach,
    gradients,
    loss_of_text,
    make_inputs,
    make_network,
    perturbed_inputs,
    texts_of,
    uniform_start,
)


def length(values):
    return values.square().sum().sqrt()


def in_ball(sentence, tokens, radius):
    size = length(sentence + tokens)
    if radius and size > radius:
        return sentence * radius / size, tokens * radius / size
    return sentence, tokens


def stepped_by_token(tokens, gradient, step_size):
    """A step of each token; tokens with small perturbations are then scaled down."""
    moved = [
        row + step_size * slope / length(slope)
        for row, slope in zip(tokens[0], gradient[0], strict=True)
    ]
    largest = max(length(row) for row in moved)
    return torch.stack([row * length(row) / largest for row in moved])[None]


def token_aware_loss(network, inputs, start, table, *, steps, step_size, radius):
    """The loss by the authors' code, each text alone, without padding, and the table after it."""
    texts = texts_of(inputs)
    total = torch.cat([table[ids[0]] for ids, _ in texts]).square().sum().sqrt()
    losses, after = [], table.clone()
    for row, (ids, label) in enumerate(texts):
        sentence = start[row : row + 1, : ids.shape[1]]
        sentence, tokens = in_ball(sentence, table[ids] / total, radius)
        for step in range(steps):
            delta = (sentence + tokens).detach().requires_grad_()
            losses.append(loss_of_text(network, ids, label, delta))
            if step == steps - 1:
                break
            (gradient,) = torch.autograd.grad(losses[-1], delta, retain_graph=True)
            sentence = sentence + step_size * gradient / length(gradient)
            tokens = stepped_by_token(tokens, gradient, step_size)
            sentence, tokens = in_ball(sentence, tokens, radius)
        for token, moved in zip(ids[0], tokens[0], strict=True):
            after[token] += moved
    return torch.stack(losses).sum() / len(texts), after


@pytest.mark.parametrize(("steps", "radius"), [(1, 0.1), (2, 0.1), (2, 0.0), (4, 0.15)])
def test_loss_gradients_and_table_are_those_of_the_authors(tiny_victim, steps, radius):
    network, inputs = make_network(tiny_victim), make_inputs()
    inputs["input_ids"][1, :2] = inputs["input_ids"][2, 0]  # a token three times
    params = {"steps": steps, "step_size": 0.1, "initial_norm": 0.3, "max_norm": radius}
    defense = make_defense("tavat", params)
    attach(defense, network)
    table = attached_table(network).rows.clone()
    start = uniform_start(network, inputs, 0.3, "l2")
    expected, after = token_aware_loss(
        network, inputs, start, table, steps=steps, step_size=0.1, radius=radius
    )
    expected.backward()
    wanted = gradients(network)
    network.zero_grad()
    torch.manual_seed(0)
    loss = defense.training_loss(network, inputs)
    loss.backward()
    torch.testing.assert_close(loss, expected)
    found = gradients(network)
    assert found.keys() == wanted.keys()
    for name, gradient in wanted.items():
        torch.testing.assert_close(found[name], gradient)
    torch.testing.assert_close(attached_table(network).rows, after)
    assert not after.equal(table)
    assert defense.step_cost == StepCost(steps, steps)


def test_perturbations_stay_in_the_ball(tiny_victim, monkeypatch):
    network, inputs = make_network(tiny_victim), make_inputs()
    params = {"steps": 4, "step_size": 1.0, "initial_norm": 9.0, "max_norm": 0.3}
    defense = make_defense("tavat", params)
    attach(defense, network)
    seen = perturbed_inputs(defense, network, inputs, monkeypatch)
    sizes = (seen - network.get_input_embeddings()(inputs["input_ids"])).flatten(2).norm(dim=2)
    assert sizes.shape == (4, 3)
    assert (sizes <= 0.3 * (1 + 1e-12)).all()
    torch.testing.assert_close(sizes[0], torch.full_like(sizes[0], 0.3))


def test_the_table_starts_uniform_and_draws_from_no_global_generator(tiny_victim):
    network = make_network(tiny_victim)
    before = torch.get_rng_state()
    attach(make_defense("tavat", {"initial_norm": 0.2}), network)
    assert torch.get_rng_state().equal(before)
    rows = attached_table(network).rows
    assert rows.shape == network.get_input_embeddings().weight.shape
    assert rows.abs().max() <= 0.2 / rows.shape[1] ** 0.5
    assert (rows.norm(dim=1) <= 0.2).all()
    np.testing.assert_allclose(rows.norm(dim=1).mean(), 0.2 / 3**0.5, rtol=0.05)


def test_rows_of_other_tokens_and_of_padding_do_not_change(tiny_victim):
    network, inputs = make_network(tiny_victim), make_inputs()
    defense = make_defense("tavat", {})
    attach(defense, network)
    before = attached_table(network).rows.clone()
    defense.training_loss(network, inputs)
    changed = (attached_table(network).rows != before).any(dim=1).nonzero().flatten().tolist()
    seen = inputs["input_ids"][inputs["attention_mask"] == 1].unique().tolist()
    assert changed == seen
    assert 0 not in changed


@pytest.mark.parametrize("name", ["steps", "step_size", "initial_norm", "max_norm"])
def test_parameters_out_of_range_are_rejected_by_name(name):
    with pytest.raises(InputError, match=f"{name} is -1; give a"):
        make_defense("tavat", {name: -1})
