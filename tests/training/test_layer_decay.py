"""Learning rates that fall from layer to layer, and the choice of the optimizer."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch
import transformers
from safetensors.torch import load_file

from robustbert.errors import ModelError
from robustbert.training import train
from robustbert.training.layer_decay import layer_groups
from robustbert.training.trainers import LengthGroupedTrainer
from tests.training.test_fitting import CONFIG, weights_hash

SHORT = replace(CONFIG, epochs=1, evals_per_epoch=1)
#: One step at the peak learning rate.
ONE_STEP = replace(SHORT, batch_size=120, warmup_ratio=0.0, weight_decay=0.0)


def expected_distance(name: str) -> int:
    """By how many layers a parameter of a BERT of two layers is below the head."""
    if ".embeddings." in name:
        return 3
    layer = re.search(r"encoder\.layer\.(\d)", name)
    return 2 - int(layer[1]) if layer else 0


def tiny_network(kind: str = "Bert", **options) -> transformers.PreTrainedModel:
    config = getattr(transformers, f"{kind}Config")(vocab_size=20, **options)
    return getattr(transformers, f"{kind}ForSequenceClassification")(config)


def test_each_parameter_is_in_the_group_of_its_layer():
    sizes = {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 8}
    network = tiny_network(num_hidden_layers=2, **sizes)
    decayed = {name for name, _ in network.named_parameters() if name.endswith("weight")}
    groups = layer_groups(
        network, layer_decay=0.5, learning_rate=0.1, weight_decay=0.02, decayed=decayed
    )
    found = {
        id(parameter): (group["lr"], group["weight_decay"])
        for group in groups
        for parameter in group["params"]
    }
    assert sum(len(group["params"]) for group in groups) == len(list(network.parameters()))
    for name, parameter in network.named_parameters():
        rate = 0.1 * 0.5 ** expected_distance(name)
        assert found[id(parameter)] == (rate, 0.02 if name in decayed else 0.0), name


@pytest.mark.parametrize(
    ("kind", "options", "rates"),
    [
        ("DistilBert", {"dim": 8, "n_layers": 2, "n_heads": 2, "hidden_dim": 8}, 4),
        (
            "Roberta",
            {
                "hidden_size": 8,
                "num_hidden_layers": 3,
                "num_attention_heads": 2,
                "intermediate_size": 8,
            },
            5,
        ),
    ],
)
def test_networks_other_than_bert(kind, options, rates):
    groups = layer_groups(
        tiny_network(kind, **options),
        layer_decay=0.5,
        learning_rate=1.0,
        weight_decay=0.0,
        decayed=(),
    )
    assert [group["lr"] for group in groups] == [0.5**distance for distance in range(rates)]


def test_a_network_whose_layers_share_their_weights_has_no_decay():
    sizes = {"embedding_size": 4, "hidden_size": 8, "num_attention_heads": 2}
    network = tiny_network("Albert", num_hidden_layers=2, intermediate_size=8, **sizes)
    with pytest.raises(ModelError, match="which AlbertForSequenceClassification does not have"):
        layer_groups(network, layer_decay=0.9, learning_rate=0.1, weight_decay=0.0, decayed=())


def test_the_first_step_of_adamw_falls_by_the_factor_per_layer(toy, tiny_base, tmp_path):
    before = load_file(tiny_base / "model.safetensors")
    steps = []
    for decay in (1.0, 0.5):
        config = replace(ONE_STEP, layer_decay=decay)
        trained = train(toy, str(tiny_base), config, tmp_path / str(decay))
        assert trained.steps == 1
        after = load_file(trained.folder / "model.safetensors")
        steps.append({name: after[name] - before[name] for name in before})
    for name in before:
        expected = steps[0][name] * 0.5 ** expected_distance(name)
        torch.testing.assert_close(steps[1][name], expected, rtol=0, atol=1e-6, msg=name)
    assert steps[0]["classifier.weight"].abs().max() > 1e-3


def test_a_factor_of_1_changes_nothing(toy, tiny_base, tmp_path, monkeypatch):
    plain = train(toy, str(tiny_base), SHORT, tmp_path / "plain")

    class Grouped(LengthGroupedTrainer):
        def create_optimizer(self):
            kind, options = self.get_optimizer_cls_and_kwargs(self.args, self.model)
            groups = layer_groups(
                self.model,
                layer_decay=1.0,
                learning_rate=self.args.learning_rate,
                weight_decay=self.args.weight_decay,
                decayed=self.get_decay_parameter_names(self.model),
            )
            self.optimizer = kind(groups, **options)
            return self.optimizer

    monkeypatch.setattr("robustbert.training.finetune.LengthGroupedTrainer", Grouped)
    grouped = train(toy, str(tiny_base), SHORT, tmp_path / "grouped")
    assert weights_hash(plain.folder) == weights_hash(grouped.folder)


@pytest.mark.parametrize(("name", "kind"), [("adamw", "AdamW"), ("adafactor", "Adafactor")])
def test_the_optimizer_is_the_one_that_is_named(toy, tiny_base, tmp_path, name, kind):
    found = []

    class Look(transformers.TrainerCallback):
        def on_train_begin(self, args, state, control, optimizer=None, **_):
            found.append(type(optimizer.optimizer).__name__)

    config = replace(ONE_STEP, optimizer=name)
    train(toy, str(tiny_base), config, tmp_path / "out", callbacks=[Look()])
    assert found == [kind]


def test_a_resumed_training_with_another_optimizer_and_decay(toy, tiny_base, tmp_path, monkeypatch):
    from robustbert.training import finetune

    config = replace(CONFIG, optimizer="adafactor", layer_decay=0.8)

    class Stop(finetune.ShowProgress):
        def on_step_end(self, args, state, control, **kwargs):
            if state.global_step == 24:
                raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(finetune, "ShowProgress", Stop)
        with pytest.raises(KeyboardInterrupt):
            train(toy, str(tiny_base), config, tmp_path / "resumed")
    resumed = train(toy, str(tiny_base), config, tmp_path / "resumed", resume=True)
    uninterrupted = train(toy, str(tiny_base), config, tmp_path / "uninterrupted")
    assert weights_hash(resumed.folder) == weights_hash(uninterrupted.folder)
