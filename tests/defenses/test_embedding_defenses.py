"""What all defenses with a training loss have in common."""

from __future__ import annotations

import gc
import hashlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from robustbert.defenses import StepCost, embedding_perturbation, make_defense
from robustbert.errors import InputError
from tests.defenses.perturbed import (
    attach,
    gradients,
    make_inputs,
    make_network,
    perturbed_inputs,
    weights_by_step,
    weights_hash,
)

#: Each defense with parameters under which it changes the weights.
ACTIVE: dict[str, dict[str, Any]] = {
    "pgd": {"steps": 2},
    "freelb": {"steps": 2},
    "freelb++": {"steps": 3},
    "smart": {"bregman_weight": 1.0, "max_norm": 0.0},
    "tavat": {"steps": 3},
    "flooding": {"level": 0.7},
    "temperature": {"temperature": 5.0},
}
#: Parameters under which it is plain training.
NEUTRAL: dict[str, dict[str, Any]] = {
    "pgd": {"steps": 0},
    "freelb": {"steps": 0},
    "smart": {"alpha": 0.0},
    "tavat": {"steps": 0},
    "flooding": {"level": 0.0},
    "temperature": {"temperature": 1.0},
}
PERTURBING = ["pgd", "freelb", "smart", "tavat"]


@pytest.fixture(scope="module", autouse=True)
def _little_garbage_to_look_through() -> Iterator[None]:
    """Each training collects garbage, which takes half of a short training's time otherwise."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("name", NEUTRAL)
def test_without_steps_it_is_plain_training_to_the_bit(
    name, few_texts, tiny_base, plain_weights, tmp_path
):
    defense = make_defense(name, NEUTRAL[name])
    assert weights_by_step(defense, few_texts, tiny_base, tmp_path / "out") == plain_weights
    assert defense.step_cost == StepCost(1, 1)


@pytest.mark.parametrize("name", ACTIVE)
def test_a_resumed_training_gives_the_same_weights(
    name, few_texts, tiny_base, plain_weights, tmp_path
):
    parts = few_texts, tiny_base
    whole = weights_by_step(make_defense(name, ACTIVE[name]), *parts, tmp_path / "whole")
    assert list(whole) == list(range(1, 9))
    assert whole[2] != plain_weights[2], "the learning rate of step 1 is 0"
    out = tmp_path / "out"
    begun = weights_by_step(make_defense(name, ACTIVE[name]), *parts, out, stop_at=6)
    assert begun == {step: whole[step] for step in range(1, 7)}
    resumed = weights_by_step(make_defense(name, ACTIVE[name]), *parts, out, resume=True)
    assert resumed == {step: whole[step] for step in range(5, 9)}
    assert weights_hash(out) == weights_hash(tmp_path / "whole")
    written, base = (load_file(one / "model.safetensors") for one in (out, tiny_base))
    assert written.keys() == base.keys(), "what the defense attached is removed"


@pytest.mark.parametrize("name", ACTIVE)
def test_the_loss_leaves_weights_and_gradients_alone(name, tiny_base):
    network = make_network(tiny_base, dropout=0.1, dtype=torch.float32)
    defense = make_defense(name, ACTIVE[name])
    attach(defense, network)
    before = {key: value.clone() for key, value in network.named_parameters()}
    loss = defense.training_loss(network, make_inputs())
    assert loss.ndim == 0
    assert gradients(network) == {}, "only the backward pass of the Trainer leaves gradients"
    assert all(value.equal(before[key]) for key, value in network.named_parameters())
    loss.backward()
    assert set(gradients(network)) == {
        key for key, value in network.named_parameters() if value.requires_grad
    }


@pytest.mark.parametrize("name", ACTIVE)
def test_a_scaled_loss_scales_all_gradients(name, tiny_base):
    """As gradient accumulation does, which divides the loss by the number of batches."""
    found = []
    for factor in (1.0, 0.25):
        network = make_network(tiny_base, dropout=0.1)
        defense = make_defense(name, ACTIVE[name])
        attach(defense, network)
        torch.manual_seed(0)
        (factor * defense.training_loss(network, make_inputs())).backward()
        found.append(gradients(network))
    for key, whole in found[0].items():
        torch.testing.assert_close(found[1][key], 0.25 * whole)


@pytest.mark.parametrize("name", ACTIVE)
def test_bfloat16_autocast_gives_about_the_same_gradients(name, tiny_base):
    """Of all weights: a cast weight that autocast remembers must not lose its gradient."""
    found = []
    for enabled in (False, True):
        network = make_network(tiny_base, dtype=torch.float32)
        defense = make_defense(name, ACTIVE[name])
        attach(defense, network)
        torch.manual_seed(0)
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            loss = defense.training_loss(network, make_inputs())
        loss.backward()
        found.append(torch.cat([value.flatten() for value in gradients(network).values()]))
        assert found[-1].dtype == torch.float32
    assert found[0].shape == found[1].shape
    assert torch.cosine_similarity(*found, dim=0) > 0.99


@pytest.mark.parametrize("name", PERTURBING)
def test_padding_is_never_perturbed_and_does_not_matter(name, tiny_victim, monkeypatch):
    network, inputs = make_network(tiny_victim), make_inputs()
    defense = make_defense(name, ACTIVE[name])
    attach(defense, network)
    seen = perturbed_inputs(defense, network, inputs, monkeypatch)
    clean = network.get_input_embeddings()(inputs["input_ids"])
    padding = inputs["attention_mask"] == 0
    assert len(seen) >= 2
    for embeddings in seen:
        assert embeddings[padding].equal(clean[padding])
    assert not seen[-1][~padding].eq(clean[~padding]).all(dim=-1).any()


@pytest.mark.parametrize("name", PERTURBING)
@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": -1},
        {"steps": 1.5},
        {"steps": True},
        {"step_size": -0.1},
        {"step_size": math.nan},
        {"max_norm": math.inf},
    ],
)
def test_parameters_out_of_range_are_rejected_by_name(name, wrong):
    [key] = wrong
    with pytest.raises(InputError, match=f"{key} is .*; give a"):
        make_defense(name, wrong)


@pytest.mark.parametrize("name", PERTURBING)
def test_an_edit_of_the_shared_code_trains_a_model_again(name):
    """The cache key has the hashes of the modules that a defense shares with others."""
    found = make_defense(name, {}).dependencies()
    source = Path(embedding_perturbation.__file__).read_bytes()
    assert found["embedding_perturbation"] == hashlib.sha256(source).hexdigest()
