from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from robustbert.errors import DatasetError, ModelError, OutputError, UnknownNameError
from robustbert.models import MODELS, load_model
from robustbert.training import TrainingConfig, read_training, train
from tests.tiny import break_weights, make_tiny_bert
from tests.training.conftest import toy_split

CONFIG = TrainingConfig(epochs=2, batch_size=8, learning_rate=3e-3, dtype="float32", device="cpu")


def weights_hash(folder: Path) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def counted_accuracy(folder: Path, split) -> float:
    rows = load_model(str(folder), dtype="float32").predict_proba(list(split["text"]))
    right = sum(int(row.argmax()) == label for row, label in zip(rows, split["label"], strict=True))
    return right / len(split)


@pytest.fixture(scope="module")
def trained(toy, tiny_base, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained") / "out"
    return train(toy, str(tiny_base), replace(CONFIG, epochs=6), out)


def test_training_learns_the_toy_data(trained):
    assert trained.metrics["test_accuracy"] >= 0.95
    assert trained.metrics["validation_accuracy"] >= 0.95
    assert trained.seconds > 0


def test_metrics_are_those_of_the_written_model(trained, toy):
    assert trained.metrics["test_accuracy"] == counted_accuracy(trained.folder, toy.split("test"))
    assert read_training(trained.folder) == trained


def test_folder_describes_its_training(trained, toy):
    names = sorted(path.name for path in trained.folder.iterdir())
    assert "checkpoints" not in names
    assert {"config.json", "model.safetensors", "tokenizer.json", "training.json"} <= set(names)
    made = json.loads((trained.folder / "training.json").read_text())
    assert made["base"]["source"] == "folder:tiny"
    assert made["dataset"]["sha256"] == toy.sha256()
    assert TrainingConfig(**made["config"]) == replace(CONFIG, epochs=6)
    info = load_model(str(trained.folder), label_names=("neg", "pos")).info
    assert info.source == "folder:tiny trained on made-up==1"
    assert str(trained.folder) not in (trained.folder / "config.json").read_text()


def test_the_same_seed_gives_the_same_weights(toy, tiny_base, tmp_path):
    first = train(toy, str(tiny_base), CONFIG, tmp_path / "a")
    again = train(toy, str(tiny_base), CONFIG, tmp_path / "b")
    other = train(toy, str(tiny_base), replace(CONFIG, seed=1), tmp_path / "c")
    assert weights_hash(first.folder) == weights_hash(again.folder)
    assert weights_hash(first.folder) != weights_hash(other.folder)


def test_global_generators_are_unchanged_and_nothing_is_printed(toy, tiny_base, tmp_path, capfd):
    import torch

    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()
    train(toy, str(tiny_base), replace(CONFIG, epochs=1), tmp_path / "out")
    assert random.getstate() == before[0]
    assert np.random.get_state()[1].tolist() == before[1]
    assert torch.get_rng_state().equal(before[2])
    assert not torch.are_deterministic_algorithms_enabled()
    assert capfd.readouterr() == ("", "")


def test_a_resumed_training_matches_an_uninterrupted_one(toy, tiny_base, tmp_path, monkeypatch):
    from robustbert.training import finetune

    out = tmp_path / "out"

    class Stop(finetune.ShowProgress):
        def on_step_end(self, args, state, control, **kwargs):
            if state.global_step == 24:
                raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(finetune, "ShowProgress", Stop)
        with pytest.raises(KeyboardInterrupt):
            train(toy, str(tiny_base), CONFIG, out)
    assert [path.name for path in out.iterdir()] == ["checkpoints"]
    with pytest.raises(OutputError, match=r"unfinished training; resume it \(--resume; "):
        train(toy, str(tiny_base), CONFIG, out)
    with pytest.raises(OutputError, match="other data, base or settings"):
        train(toy, str(tiny_base), replace(CONFIG, seed=1), out, resume=True)
    resumed = train(toy, str(tiny_base), CONFIG, out, resume=True)
    uninterrupted = train(toy, str(tiny_base), CONFIG, tmp_path / "uninterrupted")
    assert resumed.steps == uninterrupted.steps
    assert weights_hash(resumed.folder) == weights_hash(uninterrupted.folder)


def test_a_training_resumed_after_its_last_step_is_the_same_model(
    toy, tiny_base, tmp_path, monkeypatch
):
    """Its configuration too, which is a part of a model's hash."""
    from robustbert.training import finetune

    out, config = tmp_path / "out", replace(CONFIG, epochs=1)

    class Stop(finetune.ShowProgress):
        def on_train_end(self, args, state, control, **kwargs):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(finetune, "ShowProgress", Stop)
        with pytest.raises(KeyboardInterrupt):
            train(toy, str(tiny_base), config, out)
    resumed = train(toy, str(tiny_base), config, out, resume=True)
    uninterrupted = train(toy, str(tiny_base), config, tmp_path / "uninterrupted")
    hashes = [load_model(str(one.folder)).info.sha256 for one in (resumed, uninterrupted)]
    assert hashes[0] == hashes[1]


def test_a_resumed_training_includes_the_time_up_to_its_checkpoint(
    toy, tiny_base, tmp_path, monkeypatch
):
    from robustbert.training import finetune, training_time

    out, now = tmp_path / "out", [0.0]
    monkeypatch.setattr(training_time, "time", SimpleNamespace(perf_counter=lambda: now[0]))

    class Stop(finetune.ShowProgress):
        def on_step_end(self, args, state, control, **kwargs):
            now[0] += 1.0
            if state.global_step == 24:
                raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(finetune, "ShowProgress", Stop)
        with pytest.raises(KeyboardInterrupt):
            train(toy, str(tiny_base), CONFIG, out)
    now[0] = 1000.0
    saved = max(int(path.name.partition("-")[2]) for path in (out / "checkpoints").glob("c*-*"))
    resumed = train(toy, str(tiny_base), CONFIG, out, resume=True)
    assert 0 < saved < 24  # the steps after the checkpoint were lost
    assert resumed.seconds == saved


def test_resume_without_a_checkpoint_starts_from_the_base(toy, tiny_base, tmp_path):
    found = train(toy, str(tiny_base), replace(CONFIG, epochs=1), tmp_path / "out", resume=True)
    assert found.steps == 15


def test_extra_examples_are_added_to_the_training_split(toy, tiny_base, tmp_path):
    extra = toy_split(40, 5)
    short = replace(CONFIG, epochs=1)
    found = train(toy, str(tiny_base), short, tmp_path / "out", extra_examples=extra)
    assert found.steps == 20
    assert json.loads((tmp_path / "out" / "training.json").read_text())["extra_examples"] == 40


def test_labels_outside_the_dataset_are_rejected(toy, tiny_base, tmp_path):
    extra = toy_split(2, 5).map(lambda row: {"label": 7})
    with pytest.raises(DatasetError, match="label 7 has no name"):
        train(toy, str(tiny_base), CONFIG, tmp_path / "out", extra_examples=extra)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", [name for name in MODELS if name.startswith("tfidf")])
def test_classical_models_are_fitted(toy, tmp_path, name):
    found = train(toy, name, TrainingConfig(), tmp_path / "out")
    assert found.metrics["test_accuracy"] == counted_accuracy(tmp_path / "out", toy.split("test"))
    assert found.metrics["test_accuracy"] >= 0.95
    assert found.steps == 0
    model = load_model(str(tmp_path / "out"), label_names=("neg", "pos"))
    assert model.info.source.startswith("scikit-learn==")
    assert model.info.source.endswith("trained on made-up==1")


@pytest.mark.parametrize("labels", [("neg", "pos"), ("no", "yes"), ("a", "b", "c")])
def test_the_classification_head_is_kept_only_for_the_same_labels(tiny_base, labels):
    import torch
    from safetensors.torch import load_file

    from robustbert.models.pretrained import load_network

    stored = load_file(tiny_base / "model.safetensors")
    with torch.random.fork_rng(devices=[]):
        network = load_network(tiny_base, labels)
    own = network.state_dict()
    assert own["classifier.weight"].shape == (len(labels), 16)
    kept = labels == ("neg", "pos")
    assert torch.equal(own["classifier.weight"], stored["classifier.weight"]) == kept
    assert all(own[name].equal(stored[name]) for name in stored if name.startswith("bert."))
    assert tuple(network.config.id2label.values()) == labels


def test_max_length_is_saved_with_the_model(toy, tiny_base, tmp_path):
    train(toy, str(tiny_base), replace(CONFIG, epochs=1, max_length=16), tmp_path / "out")
    model = load_model(str(tmp_path / "out"))
    assert model.info.max_length == 16
    assert model.truncated(["film " * 20]).all()


@pytest.mark.slow
def test_tensorboard_logs_are_written_if_requested(toy, tiny_base, tmp_path):
    pytest.importorskip("tensorboard")
    config = replace(CONFIG, epochs=1, tensorboard=True)
    train(toy, str(tiny_base), config, tmp_path / "out")
    assert list((tmp_path / "out-logs").glob("events.out.tfevents.*"))


@pytest.mark.parametrize(
    ("batch_size", "steps"), [(8, [8, 16, 24, 30]), (10, [6, 12, 18, 24]), (120, [1, 2])]
)
def test_the_last_step_is_evaluated_once(toy, tiny_base, tmp_path, batch_size, steps):
    import transformers

    evaluated = []

    class Watch(transformers.TrainerCallback):
        def on_evaluate(self, args, state, control, **_):
            evaluated.append(state.global_step)

    config = replace(CONFIG, batch_size=batch_size)
    train(toy, str(tiny_base), config, tmp_path / "out", callbacks=[Watch()])
    assert evaluated == steps


def test_the_weights_of_the_last_step_are_kept_if_they_are_the_best(toy, tiny_base, tmp_path):
    """The accuracy rises until the last of 30 steps, when no evaluation is due."""
    import transformers
    from safetensors.torch import load_file

    last = {}

    class Watch(transformers.TrainerCallback):
        def on_evaluate(self, args, state, control, metrics, **_):
            metrics["eval_accuracy"] = state.global_step / 100

        def on_step_end(self, args, state, control, model, **_):
            if state.global_step == 30:
                last.update({name: value.clone() for name, value in model.state_dict().items()})

    trained = train(toy, str(tiny_base), CONFIG, tmp_path / "out", callbacks=[Watch()])
    found = load_file(trained.folder / "model.safetensors")
    assert found
    assert all(found[name].equal(last[name]) for name in found)


def test_patience_stops_early(toy, tiny_base, tmp_path):
    # A learning rate too small to change any prediction: the first evaluation stays the best.
    config = replace(CONFIG, epochs=5, learning_rate=1e-12, evals_per_epoch=1, patience=1)
    assert train(toy, str(tiny_base), config, tmp_path / "out").steps == 30


def test_a_training_that_diverges_leaves_no_model(toy, tmp_path):
    from safetensors.torch import load_file, save_file

    base = make_tiny_bert(tmp_path / "base")
    weights = load_file(base / "model.safetensors")
    weights["classifier.weight"] = weights["classifier.weight"].clone().fill_(3e38)
    save_file(weights, base / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="diverged"):
        train(toy, str(base), replace(CONFIG, epochs=1), tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["checkpoints"]


def test_bases_that_cannot_be_trained(toy, tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean minilm"):
        train(toy, "minlm", CONFIG, tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"no config\.json"):
        train(toy, str(tmp_path / "empty"), CONFIG, tmp_path / "out")
    broken = make_tiny_bert(tmp_path / "broken")
    break_weights(broken)
    with pytest.raises(ModelError, match="NaN or infinity"):
        train(toy, str(broken), CONFIG, tmp_path / "out")
    assert not (tmp_path / "out" / "config.json").exists()


def test_an_output_folder_that_exists_or_cannot_be_written(toy, tiny_base, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(OutputError, match="already contains mine"):
        train(toy, str(tiny_base), CONFIG, tmp_path / "out")
    for base in (str(tiny_base), "tfidf-nb"):
        with pytest.raises(OutputError, match="cannot write"):
            train(toy, base, CONFIG, Path("/proc/no/out"))


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        '{"metrics": 1, "seconds": 1, "steps": 1}',
        '{"metrics": {"a": NaN}, "seconds": 1, "steps": 1}',
        '{"metrics": {"a": 2}, "seconds": 1, "steps": 1}',
        '{"metrics": {"a": "0.5"}, "seconds": 1, "steps": 1}',
        '{"metrics": {}, "seconds": -1, "steps": 1}',
        '{"metrics": {}, "seconds": 1' + "0" * 4000 + ', "steps": 1}',
        '{"metrics": {}, "seconds": 1, "steps": 1.5}',
    ],
)
def test_an_incomplete_training_file(tmp_path, content):
    (tmp_path / "training.json").write_text(content)
    with pytest.raises(ModelError, match="incomplete"):
        read_training(tmp_path)
