from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from robustbert.errors import InputError, ModelError, UnknownNameError
from robustbert.models import MODELS, load_model
from tests.tiny import break_weights, make_tiny_bert, set_label_names


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that tests may modify."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "model"))


def edit_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def assert_rejected(folder: Path, message: str, **options) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        load_model(str(folder), **options)
    assert len(str(caught.value).splitlines()) == 1


def test_folder_does_not_exist(tmp_path):
    assert_rejected(tmp_path / "nothing", "no model folder .* pass a model folder or hub:NAME")


@pytest.mark.parametrize("name", list(MODELS))
def test_base_model_is_not_trained(name):
    assert_rejected(Path(name), "is not trained yet: run `robustbert train")


def test_misspelt_base_model_gets_a_suggestion():
    assert_rejected(Path("minlm"), "did you mean minilm")


def test_empty_folder(tmp_path):
    assert_rejected(tmp_path, r"neither config\.json .* nor model\.json")


def test_weights_as_a_pickle(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert_rejected(folder, r"in a pickle file \(pytorch_model.bin\).*convert")


def test_no_weights(folder):
    (folder / "model.safetensors").unlink()
    assert_rejected(folder, r"no \*\.safetensors")


def test_truncated_weights(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    assert_rejected(folder, "cannot load the model")


def test_no_tokenizer(folder):
    for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json"):
        (folder / name).unlink()
    assert_rejected(folder, "has no tokenizer")


def test_broken_tokenizer(folder):
    (folder / "tokenizer.json").write_text("{}")
    assert_rejected(folder, "cannot read the tokenizer")


def test_weights_with_nan(folder):
    break_weights(folder)
    assert_rejected(folder, "contain NaN or infinity")


def test_labels_differ_from_the_dataset(folder):
    assert_rejected(folder, "has the labels neg, pos but the dataset", label_names=["a", "b"])
    set_label_names(folder, ["LABEL_0", "LABEL_1"])
    assert_rejected(folder, "has the labels LABEL_0", label_names=["a", "b", "c"])


def test_duplicate_label_name(folder):
    set_label_names(folder, ["neg", "neg"])
    assert_rejected(folder, "has duplicate labels: neg, neg")


def test_encoder_without_a_classification_head(folder):
    from transformers import AutoModel

    AutoModel.from_pretrained(folder).save_pretrained(folder)
    assert_rejected(folder, "not a trained sequence classifier .*classifier")


def test_regression_model(tmp_path):
    make_tiny_bert(tmp_path / "one", num_labels=1)
    assert_rejected(tmp_path / "one", "single output")


def test_config_is_not_json(folder):
    (folder / "config.json").write_text("{")
    assert_rejected(folder, "cannot")


def test_remote_code_is_not_run(folder):
    code = "from pathlib import Path\nPath(__file__).with_name('ran').touch()\n"
    (folder / "evil.py").write_text(code)
    auto = {"AutoConfig": "evil.Config", "AutoModelForSequenceClassification": "evil.Model"}
    edit_config(folder, model_type="evil", auto_map=auto)
    assert_rejected(folder, "cannot")
    assert not (folder / "ran").exists()


def test_hub_offline(monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="cannot download hub:someone/nothing"):
        load_model("hub:someone/nothing")


@pytest.mark.parametrize("device", ["tpu", "cuda:99", "cuda:x", "cpu:1", ""])
def test_unavailable_devices(folder, device):
    with pytest.raises(InputError, match="device"):
        load_model(str(folder), device=device)


def test_unknown_dtype(folder):
    with pytest.raises(UnknownNameError, match="did you mean"):
        load_model(str(folder), dtype="float23")


def test_hash_depends_on_content_not_on_path(tiny_folder, folder):
    same = load_model(str(folder)).info.sha256
    assert same == load_model(str(tiny_folder)).info.sha256
    other = make_tiny_bert(folder.parent / "other", seed=1)
    assert load_model(str(other)).info.sha256 != same


@pytest.mark.parametrize("limit", [10**30, None])
def test_tokenizer_without_a_limit_is_limited_by_positions(folder, limit):
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text())
    path.write_text(json.dumps({**settings, "model_max_length": limit}))
    assert load_model(str(folder)).info.max_length == 128


def test_roberta_has_two_positions_fewer(folder, tmp_path):
    from transformers import AutoTokenizer, RobertaConfig, RobertaForSequenceClassification

    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.model_max_length = 10**30
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=66,
        pad_token_id=1,
    )
    RobertaForSequenceClassification(config).save_pretrained(tmp_path / "roberta")
    tokenizer.save_pretrained(tmp_path / "roberta")
    model = load_model(str(tmp_path / "roberta"))
    assert model.info.max_length == 64
    assert model.predict_proba(["film " * 500]).shape == (1, 2)


def test_model_info_for_records(tiny):
    info = tiny.info
    assert info.source == "folder:tiny"
    assert info.name == "tiny"
    assert info.dtype == "float32"
    assert info.num_parameters == sum(w.numel() for w in tiny._exact_model.parameters())
