"""DNE's training against its definition."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import nnls

from robustbert.assets import ensure_assets
from robustbert.defenses import StepCost, make_defense
from robustbert.defenses.substitution_callback import attached_substitutes
from robustbert.errors import InputError
from tests.defenses.perturbed import (
    attach,
    gradients,
    loss_of_text,
    make_inputs,
    make_network,
    perturbed_inputs,
    texts_of,
)

PARAMS = {"substitutes": 3, "min_cosine": 0.35}


def hulls_of(network: Any, ids: torch.Tensor, size: int) -> list[tuple[list[int], int]]:
    """The words of each token's hull, and how many of them are direct substitutes or itself."""
    table = attached_substitutes(network, ids.device)
    direct = [row[mask].tolist() for row, mask in zip(table.rows.ids, table.rows.mask, strict=True)]
    own = table.of(ids).mask[0].sum(dim=1).tolist()
    hulls = []
    for token, count in zip(ids[0].tolist(), own, strict=True):
        hull = list(direct[token]) if count > 1 else [token]
        for near in direct[token][1:] if count > 1 else []:
            hull += [word for word in direct[near] if word not in hull]
        hulls.append((hull[:size], min(len(direct[token]), size)))
    return hulls


def started(
    texts: list[Any], alpha: float, decay: float, width: int
) -> list[dict[int, torch.Tensor]]:
    """The log-weights that a training draws after ``torch.manual_seed(0)``, by text and token.

    It draws numbers for the largest hull of the vocabulary, ``width``, and uses the first of them.
    """
    torch.manual_seed(0)
    generator = np.random.default_rng(int(torch.randint(2**63 - 1, ())))
    words = [(text, at) for text, hulls in enumerate(texts) for at, (hull, _) in enumerate(hulls)]
    words = [(text, at) for text, at in words if len(texts[text][at][0]) > 1]
    parameters = np.ones((len(words), width))
    for row, (text, at) in enumerate(words):
        hull, direct = texts[text][at]
        parameters[row, : len(hull)] = alpha * decay
        parameters[row, :direct] = alpha
    gammas = generator.standard_gamma(parameters + 1)
    gammas *= np.exp(-generator.standard_exponential(parameters.shape) / parameters)
    found: list[dict[int, torch.Tensor]] = [{} for _ in texts]
    for row, (text, at) in enumerate(words):
        weights = gammas[row, : len(texts[text][at][0])]
        found[text][at] = torch.from_numpy(np.log(weights / weights.sum() + 1e-6))
    return found


def neighbourhood_loss(
    network: Any, inputs: dict[str, torch.Tensor], *, steps: int, step_size: float, size: int
) -> torch.Tensor:
    """The loss by the definition: each text alone, each word a sum over its hull."""
    texts = texts_of(inputs)
    hulls = [hulls_of(network, ids, size) for ids, _ in texts]
    table, losses = network.get_input_embeddings().weight, []
    alone = [hulls_of(network, torch.tensor([[token]]), size) for token in range(len(table))]
    width = max(len(hull) for [(hull, _)] in alone)
    starts = started(hulls, 0.8, 0.5, width)
    for (ids, label), of_text, logs in zip(texts, hulls, starts, strict=True):
        for step in range(steps + 1):
            logs = {at: values.detach().requires_grad_() for at, values in logs.items()}
            rows = [
                torch.stack(
                    [
                        weight * table[word]
                        for weight, word in zip(logs[at].softmax(dim=0), hull, strict=True)
                    ]
                ).sum(dim=0)
                if at in logs
                else table[hull[0]]
                for at, (hull, _) in enumerate(of_text)
            ]
            delta = torch.stack(rows)[None] - table[ids]
            losses.append(loss_of_text(network, ids, label, delta))
            if step == steps or not logs:
                continue
            found = torch.autograd.grad(losses[-1], list(logs.values()), retain_graph=True)
            logs = {
                at: values + step_size * (slope / len(texts)) / (norm(slope / len(texts)) + 1e-6)
                for (at, values), slope in zip(logs.items(), found, strict=True)
            }
    return sum(losses) / len(texts)


def norm(values: torch.Tensor) -> torch.Tensor:
    return values.square().sum().sqrt()


@pytest.mark.parametrize(("steps", "size"), [(0, 64), (1, 64), (3, 64), (2, 3)])
def test_loss_and_gradients_are_those_of_the_definition(tiny_victim, steps, size):
    network, inputs = make_network(tiny_victim), make_inputs()
    params = {"alpha": 0.8, "steps": steps, "step_size": 2.0, "neighbours": size}
    defense = make_defense("dne", PARAMS | params)
    attach(defense, network)
    expected = neighbourhood_loss(network, inputs, steps=steps, step_size=2.0, size=size)
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
        torch.testing.assert_close(found[name], gradient, rtol=1e-5, atol=1e-9)
    assert defense.step_cost == StepCost(steps + 1, steps + 1)


def test_points_stay_in_the_hulls(tiny_victim, monkeypatch):
    network, inputs = make_network(tiny_victim), make_inputs()
    defense = make_defense("dne", PARAMS | {"steps": 3, "neighbours": 5})
    attach(defense, network)
    seen = perturbed_inputs(defense, network, inputs, monkeypatch)
    table = network.get_input_embeddings().weight.detach()
    clean, moved = table[inputs["input_ids"]], 0
    assert len(seen) == 4
    for points in seen:
        assert points[inputs["attention_mask"] == 0].equal(clean[inputs["attention_mask"] == 0])
    for text, (ids, _) in enumerate(texts_of(inputs)):
        for at, (hull, _) in enumerate(hulls_of(network, ids, 5)):
            if len(hull) == 1:
                assert (seen[:, text, at] == clean[text, at]).all()
                continue
            moved += 1
            vertices = np.vstack([table[hull].T.numpy(), np.ones(len(hull))])
            for points in seen:
                goal = np.append(points[text, at].numpy(), 1.0)
                _, rest = nnls(vertices, goal)
                assert rest < 1e-9
    assert moved > 3


def test_steps_make_the_loss_larger(tiny_victim):
    network, inputs = make_network(tiny_victim), make_inputs()
    losses = []
    for steps in range(3):
        defense = make_defense("dne", PARAMS | {"steps": steps, "step_size": 1e-2})
        attach(defense, network)
        torch.manual_seed(0)
        losses.append(defense.training_loss(network, inputs).item())
    first, second, third = losses[0], losses[1] - losses[0], losses[2] - losses[1]
    assert first < second < third, "of each mixture; their losses are added"


def test_without_decay_the_second_hop_is_left_out(tiny_victim, monkeypatch):
    network, inputs = make_network(tiny_victim), make_inputs()
    found = []
    for params in ({"decay": 0.0}, {"decay": 0.5}, {"decay": 0.0, "neighbours": 2}):
        defense = make_defense("dne", PARAMS | params | {"steps": 0, "alpha": 1e9})
        attach(defense, network)
        (points,) = perturbed_inputs(defense, network, inputs, monkeypatch)
        found.append(points)
    table = network.get_input_embeddings().weight.detach()
    for text, (ids, _) in enumerate(texts_of(inputs)):
        for at, (hull, direct) in enumerate(hulls_of(network, ids, 64)):
            near = hull[:direct] if len(hull) > 1 else hull
            mean = table[near].mean(dim=0)
            torch.testing.assert_close(found[0][text, at], mean, rtol=1e-3, atol=1e-3)
            mean = table[near[:2]].mean(dim=0)
            torch.testing.assert_close(found[2][text, at], mean, rtol=1e-3, atol=1e-3)
    assert not found[1].allclose(found[0], atol=1e-2)


def test_a_batch_without_substitutes_has_the_plain_loss(tiny_victim):
    network, inputs = make_network(tiny_victim), make_inputs()
    inputs["input_ids"] = inputs["input_ids"].clamp(max=30)  # punctuation
    defense = make_defense("dne", PARAMS | {"steps": 2})
    attach(defense, network)
    plain = make_defense("dne", {"neighbours": 1}).training_loss(network, inputs)
    torch.testing.assert_close(defense.training_loss(network, inputs), 3 * plain)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("alpha", value) for value in (0, -1.0, math.nan, math.inf)),
        *(("decay", value) for value in (-0.1, 1.1, math.nan)),
        *(("neighbours", value) for value in (0, 1.5)),
        *(("steps", value) for value in (-1, True)),
        *(("step_size", value) for value in (-1.0, math.nan)),
        ("ensemble", 0),
        *(("confidence_power", value) for value in (-1.0, 0.5, math.inf)),
        ("substitutes", 0),
        ("min_cosine", 2.0),
    ],
)
def test_parameters_out_of_range_are_rejected_by_name(name, value):
    with pytest.raises(InputError, match=f"{name} is .*; give"):
        make_defense("dne", {name: value})


def test_it_is_randomised_and_keeps_gradients():
    defense = make_defense("dne", {})
    assert defense.hooks == ("training_loss", "wrap")
    assert defense.is_randomised
    assert defense.keeps_gradients
    assert make_defense("dne", {"neighbours": 1}).step_cost == StepCost(1, 1)
    assert make_defense("dne", {"neighbours": 1}).query_cost == 1
    assert make_defense("dne", {"ensemble": 5}).query_cost == 5


def test_records_hold_the_assets_of_its_substitutes():
    assets = dict(ensure_assets(["word-vectors", "stopwords"]))
    assert make_defense("dne", {}).wrapper_assets() == assets
    assert make_defense("dne", {"neighbours": 1}).wrapper_assets() == {}, "it wraps nothing then"
