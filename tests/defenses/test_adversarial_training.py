from __future__ import annotations

import json
from pathlib import Path

import pytest

from robustbert.bench.victim_spec import VictimSpec
from robustbert.bench.victims import prepare_victim
from robustbert.data import load_dataset
from robustbert.defenses import DEFENSES, DefenseSpec, make_defense
from robustbert.defenses.adversarial_training import adversarial_rows
from robustbert.errors import (
    AttackError,
    InputError,
    MissingAssetError,
    ModelError,
    UnknownNameError,
)
from robustbert.models.pretrained import retraining_base
from robustbert.training import TrainingConfig, train
from tests.records.builders import make_outcome

PARAMS = {"recipes": ["deepwordbug", "pruthi"], "track": "published", "examples": 8}


@pytest.fixture(scope="module")
def dataset(reviews: Path):
    return load_dataset(f"file:{reviews}")


@pytest.fixture
def extra_examples(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The extra examples that each training was given."""
    given: list[object] = []

    def watch(*arguments, extra_examples=None, **options):
        given.append(extra_examples)
        return train(*arguments, extra_examples=extra_examples, **options)

    monkeypatch.setattr("robustbert.training.train", watch)
    return given


def test_trains_on_adversarial_texts_of_training_examples_with_their_labels(
    dataset, svm, tmp_path, extra_examples, own_cache
):
    config = TrainingConfig(device="cpu")
    made = make_defense("adversarial-training", PARAMS).train(dataset, svm, config, tmp_path / "m")
    (extra,) = extra_examples
    assert len(extra) > 0
    assert extra.features == dataset.split("train").features
    train_split = dataset.split("train")
    label_of = dict(zip(train_split["example_id"], train_split["label"], strict=True))
    ids = [name.removesuffix("-adversarial") for name in extra["example_id"]]
    assert len(set(ids)) == len(ids), "no two recipes attack the same example"
    assert [label_of[name] for name in ids] == extra["label"]
    held_out = {*dataset.split("test")["example_id"], *dataset.split("validation")["example_id"]}
    assert not held_out & set(ids)
    assert not set(extra["text"]) & set(train_split["text"])
    written = json.loads((made.folder / "training.json").read_text())
    assert written["extra_examples"] == len(extra)
    assert written["base"]["name"] == "tfidf-svm", "a classical model is fitted from scratch again"


def test_a_defended_victim_is_cached_under_its_own_key(dataset, own_cache):
    spec = VictimSpec("nb", "tfidf-nb", (DefenseSpec("adversarial-training", PARAMS),))
    victim = prepare_victim(spec, dataset, seed=0, device="cpu")
    [defense] = victim.defenses
    assert defense.model_dump() == {
        "name": "adversarial-training",
        "params": {**PARAMS, "epochs": 1},
        "revision": 1,
    }
    plain = prepare_victim(VictimSpec("nb", "tfidf-nb"), dataset, seed=0, device="cpu")
    assert plain.classifier.info.sha256 != victim.classifier.info.sha256
    assert victim.train_seconds > plain.train_seconds
    made = (own_cache / "models").glob("*/made.json")
    keys = [json.loads(path.read_text())["key"] for path in made]
    assert len(keys) == 2
    (defended,) = [key for key in keys if "defense" in key]
    assert defended["dependencies"]["textattack"] == "0.3.11"
    assert set(defended["dependencies"]["assets"]) >= {"wordnet", "sentence-encoder"}


def test_continues_from_the_weights_of_a_network(
    dataset, bert, tmp_path, extra_examples, own_cache, monkeypatch
):
    config = TrainingConfig(device="cpu", dtype="float32", max_length=32)
    params = {**PARAMS, "recipes": ["pruthi"], "examples": 4}
    made = make_defense("adversarial-training", params).train(dataset, bert, config, tmp_path / "m")
    written = json.loads((made.folder / "training.json").read_text())
    assert written["base"]["sha256"] is not None
    assert written["config"]["epochs"] == 1


def test_there_may_be_no_adversarial_rows(dataset):
    assert len(adversarial_rows(dataset, [])) == 0
    (row,) = adversarial_rows(dataset, [make_outcome("e0", "broken")])
    assert row == {"example_id": "e0-adversarial", "text": "a fin film", "label": 1}


def test_it_is_an_error_if_every_attack_fails(dataset, svm, tmp_path, monkeypatch, own_cache):
    from robustbert.attacks.textattack import search

    def fail(*_: object) -> None:
        raise ValueError("no")

    monkeypatch.setattr(search, "build_attack", fail)
    with pytest.raises(AttackError, match="every attack on training examples failed: ValueError"):
        make_defense("adversarial-training", PARAMS).train(
            dataset, svm, TrainingConfig(device="cpu"), tmp_path / "m"
        )
    assert not (tmp_path / "m").exists()


def test_more_examples_than_the_training_split_has(dataset, svm, tmp_path, own_cache):
    with pytest.raises(InputError, match="cannot take 10000 examples"):
        make_defense("adversarial-training", {"examples": 5000}).train(
            dataset, svm, TrainingConfig(device="cpu"), tmp_path / "m"
        )


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        ({"recipe": ["pwws"]}, UnknownNameError),
        ({"recipes": ["pws"]}, UnknownNameError),
        ({"recipes": ["bae"]}, MissingAssetError),
        ({"recipes": []}, InputError),
        ({"recipes": "pwws"}, InputError),
        ({"track": "own"}, UnknownNameError),
        ({"examples": 0}, InputError),
        ({"epochs": 0}, InputError),
        ({"epochs": 1.5}, InputError),
    ],
)
def test_parameters_are_validated_at_construction(params, kind):
    with pytest.raises(kind):
        make_defense("adversarial-training", params)


def test_params_include_the_defaults():
    assert make_defense("adversarial-training", {}).params() == {
        "recipes": ["textfooler", "deepwordbug"],
        "track": "unified",
        "examples": 200,
        "epochs": 1,
    }


def test_an_unknown_defense():
    with pytest.raises(UnknownNameError, match="did you mean adversarial-training"):
        make_defense("adversarial", {})
    assert "adversarial-training" in DEFENSES


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        '{"base": 1}',
        '{"base": {"name": []}}',
        '{"base": {"name": "hub:someone/model"}}',
        '{"base": {"name": "minilm"}}',
        "[" * 9999,
    ],
)
def test_a_folder_whose_base_is_not_a_classical_model(tmp_path, content):
    (tmp_path / "training.json").write_text(content)
    with pytest.raises(ModelError, match=r"training\.json"):
        retraining_base(tmp_path)
