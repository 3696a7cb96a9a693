"""ASCC against its definition."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from scipy.optimize import nnls
from torch.nn.functional import cross_entropy

from robustbert.defenses import StepCost, make_defense
from robustbert.defenses.substitution_callback import attached_substitutes
from robustbert.errors import InputError
from tests.defenses.perturbed import (
    attach,
    gradients,
    make_inputs,
    make_network,
    perturbed_inputs,
    texts_of,
)

PARAMS = {"substitutes": 4, "min_cosine": 0.35}


def substitutes_of(network: Any, ids: torch.Tensor) -> list[list[int]]:
    """The ids of each token of a text and of its substitutes."""
    found = attached_substitutes(network, ids.device).of(ids)
    pairs = zip(found.ids[0], found.mask[0], strict=True)
    return [row[mask].tolist() for row, mask in pairs]


def divergence(clean: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    pairs = zip(clean.softmax(dim=1)[0], other.softmax(dim=1)[0], strict=True)
    return sum(p * (p / q).log() for p, q in pairs)


def mixed(network: Any, choices: list[list[int]], weights: dict[int, Any]) -> torch.Tensor:
    """The network's logits for a text whose tokens are mixtures."""
    table = network.get_input_embeddings().weight
    rows = [
        sum(weight * table[i] for weight, i in zip(weights[at], ids, strict=True))
        if at in weights
        else table[ids[0]]
        for at, ids in enumerate(choices)
    ]
    return network(inputs_embeds=torch.stack(rows)[None]).logits


def searched(
    network: Any, inputs: dict[str, torch.Tensor], *, steps: int, step_size: float, sparsity: float
) -> list[dict[int, torch.Tensor]]:
    """The weights of each text's mixtures, each text alone, with Adam written out."""
    texts = [ids for ids, _ in texts_of(inputs)]
    tokens = sum(ids.shape[1] for ids in texts)
    torch.manual_seed(0)
    columns = 1 + PARAMS["substitutes"]
    places = [
        (text, at)
        for text, ids in enumerate(texts)
        for at, choices in enumerate(substitutes_of(network, ids))
        if len(choices) > 1
    ]
    drawn = torch.randn(len(places), columns)
    found: list[dict[int, torch.Tensor]] = [{} for _ in texts]
    for (text, at), row in zip(places, drawn, strict=True):
        choices = substitutes_of(network, texts[text])
        size = (2 / (len(choices) * columns)) ** 0.5
        found[text][at] = (row * size).double()[: len(choices[at])]
    for text, ids in enumerate(texts):
        choices, logits = substitutes_of(network, ids), found[text]
        clean = network(ids).logits.detach()
        first = {at: torch.zeros_like(row) for at, row in logits.items()}
        second = {at: torch.zeros_like(row) for at, row in logits.items()}
        for step in range(1, steps + 1):
            for row in logits.values():
                row.requires_grad_()
            weights = {at: row.exp() / row.exp().sum() for at, row in logits.items()}
            entropy = sum(-(row * row.log()).sum() for row in weights.values())
            gain = divergence(clean, mixed(network, choices, weights)) - sparsity * entropy / tokens
            slopes = torch.autograd.grad(gain, list(logits.values()))
            for (at, row), slope in zip(list(logits.items()), slopes, strict=True):
                down = 2e-5 * row.detach() - slope
                first[at] = 0.9 * first[at] + 0.1 * down
                second[at] = 0.999 * second[at] + 0.001 * down**2
                mean, square = first[at] / (1 - 0.9**step), second[at] / (1 - 0.999**step)
                logits[at] = row.detach() - step_size * mean / (square.sqrt() + 1e-8)
        found[text] = {at: row.softmax(dim=0) for at, row in logits.items()}
    return found


@pytest.mark.parametrize(("steps", "sparsity"), [(0, 15.0), (1, 15.0), (1, 0.0), (3, 15.0)])
def test_loss_and_gradients_follow_the_definition(tiny_victim, steps, sparsity):
    network, inputs = make_network(tiny_victim), make_inputs()
    search = {"steps": steps, "step_size": 0.5, "sparsity": sparsity}
    defense = make_defense("ascc", {**PARAMS, **search, "kl_weight": 3.0})
    attach(defense, network)
    weights = searched(network, inputs, **search)
    losses = []
    for (ids, label), found in zip(texts_of(inputs), weights, strict=True):
        clean = network(ids).logits
        other = mixed(network, substitutes_of(network, ids), found)
        losses.append(cross_entropy(clean, label) + 3.0 * divergence(clean, other))
    expected = torch.stack(losses).mean()
    expected.backward()
    wanted = gradients(network)
    network.zero_grad()
    torch.manual_seed(0)
    loss = defense.training_loss(network, inputs)
    loss.backward()
    torch.testing.assert_close(loss, expected, rtol=1e-6, atol=1e-9)
    found = gradients(network)
    assert found.keys() == wanted.keys()
    for name, gradient in wanted.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-5, atol=1e-8)
    assert defense.step_cost == StepCost(steps + 3, steps + 2)


def test_words_stay_in_the_hull_of_their_substitutes(tiny_victim, monkeypatch):
    network, inputs = make_network(tiny_victim), make_inputs()
    defense = make_defense("ascc", {**PARAMS, "steps": 4, "step_size": 5.0})
    attach(defense, network)
    seen = perturbed_inputs(defense, network, inputs, monkeypatch)
    assert len(seen) == 5
    table = network.get_input_embeddings().weight.detach()
    moved = 0
    for row, (ids, _) in enumerate(texts_of(inputs)):
        for at, choices in enumerate(substitutes_of(network, ids)):
            points = seen[:, row, at]
            if len(choices) == 1:
                assert points.eq(table[choices[0]]).all()
                continue
            vertices = torch.cat([table[choices].T, torch.ones(1, len(choices)).double()])
            for point in points:  # weights of at least 0 with the sum 1 give the point
                _, distance = nnls(vertices.numpy(), torch.cat([point, point.new_ones(1)]).numpy())
                assert distance < 1e-9
            moved += 1
    assert moved > 5


def test_padding_is_not_moved(tiny_victim, monkeypatch):
    network, inputs = make_network(tiny_victim), make_inputs()
    defense = make_defense("ascc", {**PARAMS, "steps": 2})
    attach(defense, network)
    padding = inputs["attention_mask"] == 0
    inputs["input_ids"][padding] = inputs["input_ids"][2, -1]  # a word, not the padding token
    seen = perturbed_inputs(defense, network, inputs, monkeypatch)
    clean = network.get_input_embeddings()(inputs["input_ids"])
    assert all(embeddings[padding].equal(clean[padding]) for embeddings in seen)


def weights_after_search(network: Any, monkeypatch: Any, **params: Any) -> Any:
    """The hulls of a batch, and the weights with which the network is trained."""
    from robustbert.defenses.convex_hull import ConvexHulls

    found = []
    make = ConvexHulls.perturbation

    def watch(hulls: Any, weights: Any, directions: Any) -> Any:
        found.append((weights.detach(), make(hulls, weights, directions)))
        return found[-1][1]

    defense = make_defense("ascc", {**PARAMS, **params})
    attach(defense, network)
    torch.manual_seed(0)
    with monkeypatch.context() as patch:
        patch.setattr(ConvexHulls, "perturbation", watch)
        defense.training_loss(network, make_inputs())
    return found[-1]


def test_steps_raise_the_divergence_and_sparsity_lowers_the_entropy(tiny_victim, monkeypatch):
    network, inputs = make_network(tiny_victim), make_inputs()
    embeddings = network.get_input_embeddings()(inputs["input_ids"])
    clean = network(inputs["input_ids"], inputs["attention_mask"]).logits.log_softmax(dim=1)

    def measures(**params: Any) -> tuple[float, float]:
        weights, mixture = weights_after_search(network, monkeypatch, **params)
        logits = network(
            inputs_embeds=embeddings + mixture, attention_mask=inputs["attention_mask"]
        ).logits.log_softmax(dim=1)
        kl = (clean.exp() * (clean - logits)).sum().item()
        return kl, torch.special.entr(weights).sum(dim=1).mean().item()

    start, dense, sparse = (
        measures(steps=steps, sparsity=sparsity, step_size=0.3)
        for steps, sparsity in [(0, 0.0), (10, 0.0), (10, 100.0)]
    )
    assert dense[0] > 1.2 * start[0]
    assert sparse[1] < 0.8 * dense[1]


def test_only_the_training_has_dropout_and_flash_attention(tiny_victim, monkeypatch):
    network = make_network(tiny_victim, dropout=0.1)
    defense = make_defense("ascc", {**PARAMS, "steps": 2})
    attach(defense, network)
    modes, forward = [], network.forward

    def watch(*args: Any, **kwargs: Any) -> Any:
        modes.append((network.training, torch.backends.cuda.flash_sdp_enabled()))
        return forward(*args, **kwargs)

    monkeypatch.setattr(network, "forward", watch)
    defense.training_loss(network, make_inputs())
    assert modes == [(False, False)] * 3 + [(True, True)] * 2
    assert network.training


def test_texts_without_substitutes_are_trained_as_they_are(tiny_victim):
    network, inputs = make_network(tiny_victim), make_inputs()
    inputs["input_ids"] = torch.full_like(inputs["input_ids"], 2)
    defense = make_defense("ascc", {**PARAMS, "steps": 2})
    attach(defense, network)
    loss = defense.training_loss(network, inputs)
    logits = network(inputs["input_ids"], inputs["attention_mask"]).logits
    torch.testing.assert_close(loss, cross_entropy(logits, inputs["labels"]))
    loss.backward()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps", -1),
        ("steps", 1.5),
        ("step_size", -0.1),
        ("sparsity", float("nan")),
        ("kl_weight", float("inf")),
        ("substitutes", 0),
        ("min_cosine", 2.0),
    ],
)
def test_parameters_out_of_range_are_rejected_by_name(name, value):
    with pytest.raises(InputError, match=f"{name} is .*; give a"):
        make_defense("ascc", {name: value})


def test_it_depends_on_what_it_shares():
    found = make_defense("ascc", {}).dependencies()
    assert {"embedding_perturbation", "convex_hull", "substitutions", "assets"} <= found.keys()
