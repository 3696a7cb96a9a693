"""What all training defenses have in common."""

from __future__ import annotations

import dataclasses
import gc
import hashlib
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from robustbert.defenses import StepCost, embedding_perturbation, make_defense
from robustbert.errors import InputError
from robustbert.training.result import CHECKPOINTS
from tests.defenses.cases import CASES, LOSSES, each
from tests.defenses.perturbed import (
    CONFIG,
    attach,
    gradients,
    make_inputs,
    make_network,
    perturbed_inputs,
    weights_by_step,
    weights_hash,
)

PERTURBING = tuple(case for case in CASES if case.perturbs)


@pytest.fixture(scope="module", autouse=True)
def _little_garbage_to_look_through() -> Iterator[None]:
    """Each training collects garbage, which takes half of a short training's time otherwise."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@each(tuple(case for case in CASES if case.neutral is not None))
def test_without_steps_it_is_plain_training_to_the_bit(
    case, few_texts, tiny_base, plain_weights, tmp_path
):
    defense = make_defense(case.name, case.neutral)
    assert weights_by_step(defense, few_texts, tiny_base, tmp_path / "out") == plain_weights
    assert defense.step_cost == StepCost(1, 1)


@each(CASES)
def test_a_resumed_training_gives_the_same_weights(
    case, few_texts, tiny_base, plain_weights, tmp_path
):
    parts, out = (few_texts, tiny_base), tmp_path / "out"
    whole = weights_by_step(case.make(), *parts, tmp_path / "whole")
    last = len(whole)
    assert list(whole) == list(range(1, last + 1))
    assert whole[case.first_step] != plain_weights[case.first_step]
    begun = weights_by_step(case.make(), *parts, out, stop_at=last - 1)
    assert begun == {step: whole[step] for step in range(1, last)}
    saved = max(int(path.name.split("-")[1]) for path in (out / CHECKPOINTS).glob("checkpoint-*"))
    assert 0 < saved < last - 1, "it is resumed in the middle"
    resumed = weights_by_step(case.make(), *parts, out, resume=True)
    assert resumed == {step: whole[step] for step in range(saved + 1, last + 1)}
    assert weights_hash(out) == weights_hash(tmp_path / "whole")
    written, base = (load_file(one / "model.safetensors") for one in (out, tiny_base))
    assert written.keys() == base.keys(), "what the defense attached is removed"


@each(CASES)
def test_a_bfloat16_training_accumulates_gradients(case, few_texts, tiny_base, tmp_path):
    """Through the Trainer; with two batches per step it has half of the steps."""
    config = dataclasses.replace(CONFIG, dtype="bfloat16", batch_size=4)
    parts = few_texts, tiny_base
    found = weights_by_step(case.make(), *parts, tmp_path / "out", config=config, accumulate=2)
    assert 8 <= len(found) < 16
    assert len(set(found.values())) == len(found), "each step changes the weights"
    for weight in load_file(tmp_path / "out" / "model.safetensors").values():
        assert weight.dtype == torch.float32
        assert weight.isfinite().all()


@each(LOSSES)
def test_the_loss_leaves_weights_and_gradients_alone(case, tiny_base):
    network = make_network(tiny_base, dropout=0.1, dtype=torch.float32)
    defense = case.make()
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


@each(LOSSES)
def test_a_scaled_loss_scales_all_gradients(case, tiny_base):
    """As gradient accumulation does, which divides the loss by the number of batches."""
    found = []
    for factor in (1.0, 0.25):
        network = make_network(tiny_base, dropout=0.1)
        defense = case.make()
        attach(defense, network)
        torch.manual_seed(0)
        (factor * defense.training_loss(network, make_inputs())).backward()
        found.append(gradients(network))
    for key, whole in found[0].items():
        torch.testing.assert_close(found[1][key], 0.25 * whole)


@each(LOSSES)
def test_bfloat16_autocast_gives_about_the_same_gradients(case, tiny_base):
    """Of all weights: a cast weight that autocast remembers must not lose its gradient."""
    found = []
    for enabled in (False, True):
        network = make_network(tiny_base, dtype=torch.float32)
        defense = case.make()
        attach(defense, network)
        torch.manual_seed(0)
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            loss = defense.training_loss(network, make_inputs())
        loss.backward()
        found.append(torch.cat([value.flatten() for value in gradients(network).values()]))
        assert found[-1].dtype == torch.float32
    assert found[0].shape == found[1].shape
    assert torch.cosine_similarity(*found, dim=0) > 0.99


@each(PERTURBING)
def test_padding_is_never_perturbed_and_does_not_matter(case, tiny_victim, monkeypatch):
    network, inputs = make_network(tiny_victim), make_inputs()
    defense = case.make()
    attach(defense, network)
    seen = perturbed_inputs(defense, network, inputs, monkeypatch)
    clean = network.get_input_embeddings()(inputs["input_ids"])
    padding = inputs["attention_mask"] == 0
    assert len(seen) >= 2
    for embeddings in seen:
        assert embeddings[padding].equal(clean[padding])
    assert not seen[-1][~padding].eq(clean[~padding]).all(dim=-1).any()


@each(PERTURBING)
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
def test_parameters_out_of_range_are_rejected_by_name(case, wrong):
    [key] = wrong
    with pytest.raises(InputError, match=f"{key} is .*; give a"):
        make_defense(case.name, wrong)


@each(PERTURBING)
def test_an_edit_of_the_shared_code_trains_a_model_again(case):
    """The cache key has the hashes of the modules that a defense shares with others."""
    found = make_defense(case.name, {}).dependencies()
    source = Path(embedding_perturbation.__file__).read_bytes()
    assert found["embedding_perturbation"] == hashlib.sha256(source).hexdigest()
