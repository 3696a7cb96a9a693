"""Pre-training from a base to a folder that is a base again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from robustbert.errors import InputError, ModelError, OutputError, UnknownNameError
from robustbert.models.pretrained import find_base, load_network
from robustbert.training import (
    PretrainingConfig,
    make_pretraining_config,
    pretrain,
    read_pretraining,
)
from tests.training.pretraining.conftest import make_documents
from tests.training.test_fitting import weights_hash

CONFIG = PretrainingConfig(
    objectives=("mlm", "nsp"),
    steps=10,
    batch_size=8,
    learning_rate=3e-3,
    max_length=32,
    held_out=0.2,
    dtype="float32",
    device="cpu",
)


@pytest.fixture(scope="module")
def made(reviewed, tiny_base, tmp_path_factory):
    return pretrain(reviewed, str(tiny_base), CONFIG, tmp_path_factory.mktemp("made") / "out")


def test_pretraining_learns(tiny_base, tmp_path):
    config = replace(CONFIG, objectives=("mlm",), steps=61, learning_rate=0.01)
    found = pretrain(None, str(tiny_base), config, tmp_path / "out", texts=make_documents(24))
    assert found.after.masked_accuracy.value > found.before.masked_accuracy.value
    assert found.after.perplexity.value < found.before.perplexity.value / 3
    assert found.losses[-1].mlm_loss < 0.7 * found.losses[0].mlm_loss
    assert [entry.step for entry in found.losses] == [*range(4, 61, 4), 61], "the last step, too"


def test_the_folder_describes_the_pretraining(made, reviewed, tiny_base):
    stored = json.loads((made.folder / "pretraining.json").read_text())
    assert stored["base"]["sha256"] == find_base(str(tiny_base)).sha256
    assert stored["base"]["new_weights"][0] == "cls.predictions.bias"
    assert stored["dataset"]["documents"] == 24
    assert stored["dataset"]["held_out_documents"] == 5
    assert make_pretraining_config({**stored["config"], "objectives": ["nsp", "mlm"]}) == CONFIG
    assert read_pretraining(made.folder) == made
    assert (made.steps, made.objectives) == (10, ("mlm", "nsp"))
    assert "checkpoints" not in [path.name for path in made.folder.iterdir()]
    assert str(made.folder) not in (made.folder / "config.json").read_text()


def test_both_losses_are_logged_apart(made):
    assert [entry.step for entry in made.losses] == list(range(1, 11))
    for entry in made.losses:
        assert entry.loss == pytest.approx(entry.mlm_loss + entry.nsp_loss, abs=2e-4)


def test_transformers_loads_every_head_with_tied_weights(made):
    import transformers

    for kind in (transformers.BertForMaskedLM, transformers.BertForPreTraining):
        network, report = kind.from_pretrained(made.folder, output_loading_info=True)
        assert report["missing_keys"] == []
        embeddings = network.bert.embeddings.word_embeddings.weight
        assert network.cls.predictions.decoder.weight is embeddings
    assert network.config.architectures == ["BertForPreTraining"]


def test_heads_are_kept_by_the_next_pretraining(made, reviewed, tmp_path):
    import torch
    from safetensors.torch import load_file

    config = replace(CONFIG, objectives=("nsp",), steps=1, learning_rate=1e-12)
    again = pretrain(reviewed, str(made.folder), config, tmp_path / "out")
    stored = json.loads((again.folder / "pretraining.json").read_text())
    assert stored["base"]["new_weights"] == []
    assert stored["base"]["source"] == "folder:tiny pre-trained on made-up==1"
    before, after = (load_file(one.folder / "model.safetensors") for one in (made, again))
    assert before.keys() == after.keys()
    assert all(torch.allclose(before[name], after[name], atol=1e-6) for name in before)
    assert again.before.next_sentence_accuracy == made.after.next_sentence_accuracy
    assert (again.after.masked_accuracy, again.losses[0].mlm_loss) == (None, None)


def test_a_resumed_pretraining_matches_an_uninterrupted_one(
    made, reviewed, tiny_base, tmp_path, monkeypatch
):
    from robustbert.training.pretraining import pretraining_run

    out = tmp_path / "out"

    class Stop(pretraining_run.ShowLosses):
        def on_step_end(self, args, state, control, **kwargs):
            if state.global_step == 7:
                raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pretraining_run, "ShowLosses", Stop)
        with pytest.raises(KeyboardInterrupt):
            pretrain(reviewed, str(tiny_base), CONFIG, out)
    assert [path.name for path in out.iterdir()] == ["checkpoints"]
    with pytest.raises(OutputError, match="unfinished training; resume it"):
        pretrain(reviewed, str(tiny_base), CONFIG, out)
    with pytest.raises(OutputError, match="other data, base or settings"):
        pretrain(reviewed, str(tiny_base), replace(CONFIG, mask_share=0.2), out, resume=True)
    resumed = pretrain(reviewed, str(tiny_base), CONFIG, out, resume=True)
    assert weights_hash(resumed.folder) == weights_hash(made.folder)
    assert (resumed.before, resumed.after) == (made.before, made.after)
    assert resumed.losses == made.losses


def test_another_seed_gives_other_weights_and_the_same_held_out_rows(
    made, reviewed, tiny_base, tmp_path
):
    other = pretrain(reviewed, str(made.folder), replace(CONFIG, seed=1), tmp_path / "out")
    assert weights_hash(other.folder) != weights_hash(made.folder)
    assert other.before == made.after, "the same masks and pairs"


def test_frozen_layers_and_the_embeddings_keep_the_weights_of_the_base(made, tmp_path):
    from safetensors.torch import load_file

    config = replace(CONFIG, objectives=("mlm",), steps=1, warmup_ratio=0.0, frozen_layers=1)
    found = pretrain(None, str(made.folder), config, tmp_path / "out", texts=make_documents(4))
    before, after = (load_file(one.folder / "model.safetensors") for one in (made, found))
    changed = {name for name in before if not before[name].equal(after[name])}
    encoder = {name for name in before if name.startswith("bert.") and "pooler" not in name}
    assert changed & encoder == {name for name in encoder if "encoder.layer.1" in name}
    assert "cls.predictions.bias" in changed
    too_many = replace(config, frozen_layers=3)
    with pytest.raises(InputError, match="frozen_layers is 3, but the base has 2 layers"):
        pretrain(None, str(made.folder), too_many, tmp_path / "b", texts=make_documents(4))


def test_held_out_texts_are_measured_in_float32_also_after_mixed_precision(
    reviewed, tiny_base, tmp_path
):
    config = replace(CONFIG, steps=2, dtype="bfloat16")
    mixed = pretrain(reviewed, str(tiny_base), config, tmp_path / "mixed")
    again = pretrain(reviewed, str(mixed.folder), replace(config, dtype="float32"), tmp_path / "b")
    assert again.before == mixed.after
    assert again.losses[0].mlm_loss == pytest.approx(mixed.losses[0].mlm_loss, rel=0.2)


def test_the_folder_is_a_base(made):
    import torch
    from safetensors.torch import load_file

    base = find_base(str(made.folder))
    assert base.source == "folder:tiny pre-trained on made-up==1"
    stored = load_file(made.folder / "model.safetensors")
    with torch.random.fork_rng(devices=[]):
        network = load_network(made.folder, ("neg", "pos"))
    own = network.state_dict()
    assert all(own[name].equal(stored[name]) for name in stored if name.startswith("bert."))
    assert network.config.id2label == {0: "neg", 1: "pos"}


def test_settings_that_cannot_be():
    for settings, error, message in (
        ({"objectives": ["mlm", "sop"]}, UnknownNameError, "unknown objective 'sop'"),
        ({"objectives": []}, InputError, "no objective"),
        ({"steps": 0}, InputError, "steps is 0; it must be at least 1"),
        ({"mask_share": 0.0}, InputError, "mask_share is 0.0; it must be above 0"),
        ({"mask_share": 1.0}, InputError, "mask_share is 1.0; it must be above 0"),
        ({"held_out": 1.0}, InputError, "held_out is 1.0"),
        ({"masking": "words"}, UnknownNameError, "did you mean word"),
        ({"dtype": "float16"}, UnknownNameError, "unknown dtype"),
        ({"max_length": 4}, InputError, "max_length is 4"),
        ({"step": 3}, UnknownNameError, "did you mean steps"),
    ):
        with pytest.raises(error, match=message):
            make_pretraining_config(settings)


def test_a_network_that_predicts_nan_leaves_no_model(reviewed, tmp_path):
    from safetensors.torch import load_file, save_file

    from tests.tiny import make_tiny_bert

    base = make_tiny_bert(tmp_path / "base")
    weights = load_file(base / "model.safetensors")
    name = "bert.embeddings.LayerNorm.weight"
    weights[name] = weights[name].clone().fill_(3e38)
    save_file(weights, base / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="predicts NaN for held-out texts"):
        pretrain(reviewed, str(base), replace(CONFIG, steps=1), tmp_path / "out")
    assert not (tmp_path / "out" / "config.json").exists()


def test_an_output_folder_that_is_not_free(reviewed, tiny_base, tmp_path):
    (tmp_path / "mine").touch()
    with pytest.raises(OutputError, match="already contains mine"):
        pretrain(reviewed, str(tiny_base), CONFIG, tmp_path)
    with pytest.raises(OutputError, match="cannot write"):
        pretrain(reviewed, str(tiny_base), CONFIG, Path("/proc/no/out"))
