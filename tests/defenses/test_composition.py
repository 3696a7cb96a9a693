"""Lists of defenses: what is joined, what is nested, and what is trained."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch

from robustbert.bench.victim_spec import VictimSpec
from robustbert.bench.victims import check_trainable, find_trained, prepare_victim
from robustbert.data import load_dataset
from robustbert.defenses import Defense, DefenseSpec, compose
from robustbert.errors import InputError, ModelError
from robustbert.models import Classifier, load_model
from tests.tiny import make_tiny_bert

TRAINING = {"epochs": 1, "batch_size": 32, "evals_per_epoch": 1, "dtype": "float32"}


@dataclass(frozen=True)
class Rows(Defense):
    """Adds the training texts of one label again, and trains for one more epoch."""

    label: int = 0

    def training_rows(self, dataset, plain, config):
        assert plain is None
        return dataset.split("train").filter(lambda row: row["label"] == self.label)

    def training_config(self, config):
        return dataclasses.replace(config, epochs=config.epochs + 1)


@dataclass(frozen=True)
class Plain(Defense):
    """Needs the plain model, and adds three rows."""

    needs_plain_model: ClassVar[bool] = True

    def training_rows(self, dataset, plain, config):
        load_model(str(plain))
        return dataset.split("train").select(range(3)).select_columns(["label", "text"])


@dataclass(frozen=True)
class Loss(Defense):
    smoothing: float = 0.0

    def training_loss(self, model, inputs):
        logits = model(inputs["input_ids"], inputs["attention_mask"]).logits
        labels = inputs["labels"]
        return torch.nn.functional.cross_entropy(logits, labels, label_smoothing=self.smoothing)


class Bent(Classifier):
    """Replaces the probability p of label 1 by ``scale * p + shift``."""

    def __init__(self, inner: Classifier, scale: float, shift: float) -> None:
        self._inner, self._scale, self._shift = inner, scale, shift
        self.label_names, self.info = inner.label_names, inner.info

    def _probabilities(self, texts):
        second = self._scale * self._inner.predict_proba(texts)[:, 1] + self._shift
        return np.stack([1 - second, second], axis=1)

    def _exact(self, texts):
        return self._probabilities(texts)


@dataclass(frozen=True)
class Bend(Defense):
    scale: float = 1.0
    shift: float = 0.0

    def wrap(self, classifier):
        return Bent(classifier, self.scale, self.shift)


def named(kind: type[Defense], **params: object) -> DefenseSpec:
    return DefenseSpec(f"{__name__}:{kind.__name__}", params)


HALVE = named(Bend, scale=0.5)
RAISE = named(Bend, shift=0.25, scale=0.75)


@pytest.fixture(scope="module")
def dataset(reviews: Path):
    return load_dataset(f"file:{reviews}")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


def prepare(base: str | Path, dataset, *specs: DefenseSpec):
    spec = VictimSpec("m", str(base), specs, TRAINING)
    check_trainable(spec, dataset)
    return prepare_victim(spec, dataset, seed=0, dtype="float32", device="cpu")


def keys(cache: Path) -> list[dict]:
    return [json.loads(path.read_text())["key"] for path in sorted(cache.glob("*/made.json"))]


def trained_plans(cache: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted(cache.glob("*/training.json"))]


def test_the_wrapper_of_the_first_is_outermost(dataset):
    text = ["a good film"]
    p = prepare("tfidf-nb", dataset).classifier.predict_proba(text)[0, 1]
    for specs, expected in (
        ((HALVE, RAISE), (0.75 * p + 0.25) / 2),
        ((RAISE, HALVE), 0.75 * (p / 2) + 0.25),
    ):
        victim = prepare("tfidf-nb", dataset, *specs)
        assert victim.classifier.predict_proba(text)[0, 1] == pytest.approx(expected, abs=1e-6)
        assert [ref.params for ref in victim.defenses] == [
            {"scale": 1.0, "shift": 0.0} | dict(spec.params) for spec in specs
        ]
        assert victim.classifier.info.name == "m"


def test_wrappers_do_not_train_another_model(dataset, cache):
    plain = prepare("tfidf-nb", dataset)
    wrapped = prepare("tfidf-nb", dataset, HALVE, RAISE)
    assert wrapped.classifier.info.sha256 == plain.classifier.info.sha256
    assert len(keys(cache)) == 1
    rows = prepare("tfidf-nb", dataset, named(Rows))
    both = prepare("tfidf-nb", dataset, HALVE, named(Rows))
    assert both.classifier.info.sha256 == rows.classifier.info.sha256
    assert len(keys(cache)) == 2
    assert [ref.name.partition(":")[2] for ref in both.defenses] == ["Bend", "Rows"]


def test_training_rows_and_settings_add_up(dataset, cache):
    prepare("tfidf-nb", dataset, named(Rows, label=0), named(Rows, label=1))
    [plan] = trained_plans(cache)
    assert plan["extra_examples"] == len(dataset.split("train"))
    assert plan["config"]["epochs"] == TRAINING["epochs"] + 2


def test_the_cache_key_holds_name_parameters_and_revision_of_each_in_order(dataset, cache):
    specs = (named(Rows, label=0), named(Rows, label=1))
    prepare("tfidf-nb", dataset, *specs)
    [key] = keys(cache)
    assert [
        (one["defense"], one["params"], one["defense_revision"]) for one in key["defenses"]
    ] == [
        (f"{__name__}:Rows", {"label": 0}, 1),
        (f"{__name__}:Rows", {"label": 1}, 1),
    ]
    for other in (specs[::-1], specs[:1], (specs[0], specs[0])):
        assert find_trained(VictimSpec("m", "tfidf-nb", other, TRAINING), dataset, seed=0) is None


def test_a_plain_model_is_trained_only_if_a_defense_needs_it(dataset, cache):
    prepare("tfidf-nb", dataset, HALVE, named(Rows))
    assert len(keys(cache)) == 1, "no plain model"
    prepare("tfidf-nb", dataset, named(Plain), named(Rows))
    added = sorted(plan["extra_examples"] for plan in trained_plans(cache))
    of_label = dataset.split("train")["label"].count(0)
    assert added == [0, of_label, of_label + 3]


def test_one_loss_goes_with_rows_and_wrappers(dataset, cache, tmp_path):
    base = make_tiny_bert(tmp_path / "base", weight_std=0.1)
    plain = prepare(base, dataset)
    rows = prepare(base, dataset, named(Rows))
    all_three = prepare(base, dataset, HALVE, named(Loss), named(Rows))
    assert all_three.classifier.info.sha256 == rows.classifier.info.sha256, "loss equals the usual"
    assert rows.classifier.info.sha256 != plain.classifier.info.sha256
    assert isinstance(all_three.classifier, Bent)


@dataclass(frozen=True)
class Opaque(Bend):
    keeps_gradients: ClassVar[bool] = False


def test_a_wrapper_can_take_the_gradients_away():
    plain = VictimSpec("m", "minilm")
    assert plain.has_gradients
    assert dataclasses.replace(plain, defenses=(HALVE,)).has_gradients
    assert not dataclasses.replace(plain, defenses=(HALVE, named(Opaque))).has_gradients


def test_two_losses_are_refused():
    with pytest.raises(InputError) as error:
        compose((named(Loss), HALVE, named(Loss, smoothing=0.1)))
    assert str(error.value) == (
        f"{__name__}:Loss and {__name__}:Loss both change the training loss, and only one defense "
        "of a list can; leave one out"
    )


def test_a_loss_in_a_list_is_refused_for_a_classical_model(dataset):
    with pytest.raises(ModelError, match="Loss changes the training loss, which tfidf-nb does not"):
        check_trainable(VictimSpec("m", "tfidf-nb", (HALVE, named(Loss))), dataset)
