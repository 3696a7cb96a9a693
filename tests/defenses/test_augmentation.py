from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from robustbert.attacks import AttackRunner
from robustbert.bench.victim_spec import VictimSpec
from robustbert.bench.victims import check_trainable, prepare_victim
from robustbert.data import load_dataset
from robustbert.defenses import DefenseSpec, make_defense, train_defended
from robustbert.defenses.augmentation import adversarial_rows
from robustbert.errors import (
    AttackError,
    InputError,
    MissingAssetError,
    RobustbertWarning,
    UnknownNameError,
)
from robustbert.models.pretrained import find_base
from robustbert.training import TrainingConfig
from tests.records.builders import make_outcome

PARAMS = {"recipes": ["deepwordbug", "pruthi"], "track": "published", "num_examples": 8}
MANY = {"recipes": ["deepwordbug", "pruthi"], "num_examples": 5000}
CONFIG = TrainingConfig(device="cpu")


@pytest.fixture(scope="module")
def dataset(reviews: Path):
    return load_dataset(f"file:{reviews}")


@pytest.fixture(scope="module")
def rows(dataset, svm):
    """The added rows by ``control``."""
    return {
        control: make_defense("augmentation", {**PARAMS, "control": control}).training_rows(
            dataset, svm, CONFIG
        )
        for control in (False, True)
    }


def test_adds_adversarial_texts_of_training_examples_with_their_labels(dataset, rows):
    train = dataset.split("train")
    assert 0 < len(rows[False]) <= 16
    assert rows[False].features == train.features
    label_of = dict(zip(train["example_id"], train["label"], strict=True))
    ids = [name.removesuffix("-adversarial") for name in rows[False]["example_id"]]
    assert len(set(ids)) == len(ids), "no two recipes attack the same example"
    assert [label_of[name] for name in ids] == rows[False]["label"]
    held_out = {*dataset.split("test")["example_id"], *dataset.split("validation")["example_id"]}
    assert not held_out & set(ids)
    assert not set(rows[False]["text"]) & set(train["text"])


def test_the_control_adds_the_clean_texts_of_the_same_examples(dataset, rows):
    train = dataset.split("train")
    text_of = dict(zip(train["example_id"], train["text"], strict=True))
    ids = [name.removesuffix("-adversarial") for name in rows[False]["example_id"]]
    assert rows[True]["example_id"] == ids
    assert rows[True]["text"] == [text_of[name] for name in ids]
    assert rows[True]["label"] == rows[False]["label"]
    assert rows[True].features == train.features


def test_a_defended_victim_is_cached_under_its_own_key(dataset, own_cache):
    spec = VictimSpec("nb", "tfidf-nb", (DefenseSpec("augmentation", PARAMS),))
    victim = prepare_victim(spec, dataset, seed=0, device="cpu")
    [defense] = victim.defenses
    assert defense.model_dump() == {
        "name": "augmentation",
        "params": {**PARAMS, "control": False},
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


def test_the_control_starts_from_the_base_and_takes_as_many_steps(
    dataset, tiny_base, bert, tmp_path
):
    """Neither starts from the plain model, which has other weights."""
    config = TrainingConfig(device="cpu", dtype="float32", max_length=32, epochs=2, patience=None)
    written = {}
    for control in (False, True):
        params = {**PARAMS, "recipes": ["pruthi"], "num_examples": 4, "control": control}
        folder = tmp_path / str(control)
        defense = make_defense("augmentation", params)
        train_defended([defense], dataset, tiny_base, config, folder, plain=bert)
        written[control] = json.loads((folder / "training.json").read_text())
    for key in ("base", "config", "extra_examples", "steps"):
        assert written[False][key] == written[True][key]
    assert written[False]["base"]["sha256"] == find_base(str(tiny_base)).sha256
    assert written[False]["config"] == config.as_dict()
    assert written[False]["extra_examples"] > 0


def test_there_may_be_no_adversarial_rows(dataset):
    assert len(adversarial_rows(dataset, [])) == 0
    (row,) = adversarial_rows(dataset, [make_outcome("e0", "broken")])
    assert row == {"example_id": "e0-adversarial", "text": "a fin film", "label": 1}


class TestFailedAttacks:
    @pytest.fixture(autouse=True)
    def failures(self, monkeypatch):
        """The number of first examples of each recipe whose attack fails, to be set."""
        run, number = AttackRunner.run, [0]

        def failing(runner, examples, **options):
            outcomes = run(runner, examples, **options).outcomes
            failed = [
                make_outcome(one.example_id, "error", error="ValueError: no")
                for one in outcomes[: number[0]]
            ]
            return SimpleNamespace(outcomes=[*failed, *outcomes[number[0] :]])

        monkeypatch.setattr(AttackRunner, "run", failing)
        return number

    def test_some_are_left_out_with_a_warning(self, dataset, svm, rows, failures):
        failures[0] = 1
        message = "2 of 16 attacks on training examples failed .* the first error is ValueError: no"
        with pytest.warns(RobustbertWarning, match=message):
            fewer = make_defense("augmentation", PARAMS).training_rows(dataset, svm, CONFIG)
        assert set(fewer["text"]) <= set(rows[False]["text"])
        assert len(fewer) >= len(rows[False]) - 2

    def test_it_is_an_error_if_all_fail(self, dataset, svm, tmp_path, failures):
        failures[0] = 8
        with pytest.raises(AttackError, match="every attack on training examples failed: ValueErr"):
            train_defended(
                [make_defense("augmentation", PARAMS)],
                dataset,
                "tfidf-svm",
                CONFIG,
                tmp_path / "m",
                plain=svm,
            )
        assert not (tmp_path / "m").exists()


def test_without_a_plain_model_it_is_not_trained(dataset, tmp_path):
    defense = make_defense("augmentation", PARAMS)
    with pytest.raises(InputError, match="Augmentation needs a plain model; train one and give"):
        train_defended([defense], dataset, "tfidf-nb", CONFIG, tmp_path / "m")


def test_more_examples_than_the_training_split_has(dataset, svm):
    defense = make_defense("augmentation", MANY)
    message = r"attacks 10000 training examples \(5000 .* set num_examples to at most \d+"
    with pytest.raises(InputError, match=message):
        defense.training_rows(dataset, svm, CONFIG)
    with pytest.raises(InputError, match=message):
        check_trainable(VictimSpec("m", "tfidf-nb", (DefenseSpec("augmentation", MANY),)), dataset)


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        ({"recipe": ["pwws"]}, UnknownNameError),
        ({"recipes": ["pws"]}, UnknownNameError),
        ({"recipes": ["pso"]}, MissingAssetError),
        ({"recipes": []}, InputError),
        ({"recipes": "pwws"}, InputError),
        ({"track": "own"}, UnknownNameError),
        ({"num_examples": 0}, InputError),
        ({"num_examples": 1.5}, InputError),
        ({"control": 1}, InputError),
        ({"epochs": 1}, UnknownNameError),
    ],
)
def test_parameters_are_validated_at_construction(params, kind):
    with pytest.raises(kind):
        make_defense("augmentation", params)


def test_the_default_is_the_attack_of_the_paper():
    assert make_defense("augmentation", {}).params() == {
        "recipes": ["textfooler"],
        "track": "published",
        "num_examples": 1000,
        "control": False,
    }


def test_its_earlier_name_is_no_defense():
    with pytest.raises(UnknownNameError) as error:
        make_defense("adversarial-training", {})
    assert str(error.value) == ("unknown defense 'adversarial-training'; it is now augmentation")
