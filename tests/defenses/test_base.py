"""The base class of defenses, with small defenses of several kinds."""

from __future__ import annotations

import dataclasses
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file

from robustbert.bench.plan import VictimSpec
from robustbert.bench.victims import check_trainable, find_trained, prepare_victim
from robustbert.data import load_dataset
from robustbert.defenses import (
    Defense,
    DefenseSpec,
    RowCost,
    StepCost,
    make_defense,
    train_defended,
)
from robustbert.defenses.composition import source_sha256
from robustbert.errors import InputError, ModelError
from robustbert.models import Classifier, load_model
from robustbert.training import TrainingConfig
from robustbert.training.fitting import _describe
from tests.tiny import make_tiny_bert

TRAINING = {"epochs": 1, "batch_size": 16, "learning_rate": 3e-3, "dtype": "float32"}
CONFIG = TrainingConfig(**TRAINING, device="cpu")

LABEL_SMOOTHING = '''
"""Label smoothing (Szegedy et al. 2016)."""

from dataclasses import dataclass

from torch.nn.functional import cross_entropy

from robustbert.defenses import Defense


@dataclass(frozen=True)
class LabelSmoothing(Defense):
    smoothing: float = 0.1

    def training_loss(self, model, inputs):
        logits = model(inputs["input_ids"], inputs["attention_mask"]).logits
        return cross_entropy(logits, inputs["labels"], label_smoothing=self.smoothing)
'''


@pytest.fixture(scope="module")
def dataset(reviews: Path):
    return load_dataset(f"file:{reviews}")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_bert(tmp_path_factory.mktemp("base") / "tiny", weight_std=0.1)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


@pytest.fixture
def smoothing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's module ``own_defense`` with a defense."""
    path = tmp_path / "own_defense.py"
    path.write_text(LABEL_SMOOTHING)
    monkeypatch.syspath_prepend(tmp_path)
    yield path
    sys.modules.pop("own_defense", None)


def cached(cache: Path) -> list[dict]:
    return [json.loads(path.read_text())["key"] for path in sorted(cache.glob("*/made.json"))]


def prepare(spec: VictimSpec, dataset):
    return prepare_victim(spec, dataset, seed=0, dtype="float32", device="cpu")


class TestANewDefense:
    """The steps of adding a defense: write a module, name it in a suite, run it."""

    def test_is_trained_and_cached(self, dataset, base, cache, smoothing_file):
        name = "own_defense:LabelSmoothing"
        spec = VictimSpec("tiny", str(base), (DefenseSpec(name, {"smoothing": 0.3}),), TRAINING)
        check_trainable(spec, dataset)
        victim = prepare(spec, dataset)
        assert [defense.model_dump() for defense in victim.defenses] == [
            {"name": name, "params": {"smoothing": 0.3}, "revision": 1}
        ]
        assert victim.train_seconds > 0
        [key] = cached(cache)
        assert (key["defense"], key["dependencies"]) == (name, {})
        assert len(key["defense_source"]) == 64
        (folder,) = (path for path in cache.iterdir() if path.is_dir())
        assert find_trained(spec, dataset, seed=0, device="cpu") == folder

    def test_is_trained_again_when_its_file_changes(self, dataset, base, cache, smoothing_file):
        spec = VictimSpec("tiny", str(base), (DefenseSpec("own_defense:LabelSmoothing"),), TRAINING)
        first = prepare(spec, dataset)
        again = prepare(spec, dataset)
        assert again.classifier.info.sha256 == first.classifier.info.sha256
        assert len(cached(cache)) == 1
        smoothing_file.write_text(LABEL_SMOOTHING.replace("self.smoothing)", "0.9)"))
        del sys.modules["own_defense"]
        edited = prepare(spec, dataset)
        assert edited.classifier.info.sha256 != first.classifier.info.sha256
        assert len(cached(cache)) == 2
        assert edited.defenses == first.defenses, "records do not change"

    def test_a_loss_equal_to_cross_entropy_gives_the_plain_weights(
        self, dataset, base, cache, smoothing_file
    ):
        plain = prepare(VictimSpec("tiny", str(base), training=TRAINING), dataset)
        smoothing = DefenseSpec("own_defense:LabelSmoothing", {"smoothing": 0.0})
        equal = prepare(VictimSpec("tiny", str(base), (smoothing,), TRAINING), dataset)
        assert equal.classifier.info.sha256 == plain.classifier.info.sha256

    def test_a_training_is_resumed_only_with_the_same_parameters(self, smoothing_file):
        strong = make_defense("own_defense:LabelSmoothing", {"smoothing": 0.3})
        assert _describe(strong.training_loss) == (
            "own_defense:LabelSmoothing.training_loss of LabelSmoothing(smoothing=0.3)"
        )


@dataclass(frozen=True)
class Adversarial(Defense):
    """One step of gradient ascent on the embeddings, as in FreeLB, and a trained critic."""

    step: float = 0.01

    def callbacks(self):
        return (Critic(),)

    def training_loss(self, model, inputs):
        labels, mask = inputs["labels"], inputs["attention_mask"]
        embeddings = model.get_input_embeddings()(inputs["input_ids"])
        delta = torch.zeros_like(embeddings, requires_grad=True)
        losses = []
        for _ in range(2):
            output = model(
                inputs_embeds=embeddings + delta,
                attention_mask=mask,
                labels=labels,
                output_hidden_states=True,
            )
            losses.append(output.loss)
            (gradient,) = torch.autograd.grad(output.loss, delta, retain_graph=True)
            delta = (delta + self.step * gradient.sign()).detach().requires_grad_(True)
        agreement = model.critic(output.hidden_states[-1][:, 0]).mean()
        return torch.stack(losses).mean() + (agreement - 1) ** 2


class Critic(transformers.TrainerCallback):
    """A module with parameters of its own, as InfoBERT has."""

    trained: ClassVar[list[bool]] = []

    def on_init_end(self, args, state, control, model=None, processing_class=None, **_):
        assert processing_class.convert_tokens_to_ids("[PAD]") == 0
        model.critic = torch.nn.Linear(model.config.hidden_size, 1)
        torch.nn.init.zeros_(model.critic.weight)

    def on_train_end(self, args, state, control, model=None, **_):
        Critic.trained.append(bool(model.critic.weight.any()))
        del model.critic


def test_loss_may_use_gradients_and_its_own_modules(dataset, base, tmp_path):
    model = train_defended([Adversarial()], dataset, base, CONFIG, tmp_path / "out")
    assert model.steps > 0
    assert Critic.trained == [True]
    weights = load_file(model.folder / "model.safetensors")
    assert not any("critic" in name for name in weights)


@dataclass(frozen=True)
class NoScalar(Defense):
    def training_loss(self, model, inputs):
        return model(inputs["input_ids"], inputs["attention_mask"]).logits


def test_a_loss_that_is_not_a_scalar_is_rejected(dataset, base, tmp_path):
    with pytest.raises(ModelError, match=r"must be a scalar tensor, but it is shape \(16, 2\)"):
        train_defended([NoScalar()], dataset, base, CONFIG, tmp_path / "out")


def test_classical_model_rejects_a_custom_loss(dataset, tmp_path, cache):
    message = "NoScalar changes the training loss, which tfidf-svm does not have; use a network"
    with pytest.raises(ModelError, match=message):
        train_defended([NoScalar()], dataset, "tfidf-svm", CONFIG, tmp_path / "out")
    spec = VictimSpec("svm", "tfidf-svm", (DefenseSpec(f"{__name__}:NoScalar"),))
    with pytest.raises(ModelError, match=message):
        check_trainable(spec, dataset)
    assert not cache.exists()


@dataclass(frozen=True)
class Doubled(Defense):
    """Adds the training texts of one label again."""

    label: int = 0
    epochs: int = 2

    def training_rows(self, dataset, plain, config):
        assert plain is None
        assert config.epochs == self.epochs
        return dataset.split("train").filter(lambda row: row["label"] == self.label)

    def training_config(self, config):
        return dataclasses.replace(config, epochs=self.epochs)


def test_rows_and_settings_reach_the_training(dataset, tmp_path):
    model = train_defended([Doubled()], dataset, "tfidf-nb", CONFIG, tmp_path / "out")
    stored = json.loads((model.folder / "training.json").read_text())
    train = dataset.split("train")
    assert stored["extra_examples"] == train["label"].count(0)
    assert stored["config"]["epochs"] == 2
    assert "loss" not in stored


class Blurred(Classifier):
    """A wrapper that moves probabilities towards the uniform distribution."""

    def __init__(self, inner: Classifier, share: float) -> None:
        self._inner, self._share = inner, share
        self.label_names, self.info = inner.label_names, inner.info

    def _probabilities(self, texts):
        return self._blur(self._inner.predict_proba(texts))

    def _exact(self, texts):
        return self._blur(self._inner.predict_proba_exact(texts))

    def _blur(self, rows: np.ndarray) -> np.ndarray:
        return (1 - self._share) * rows + self._share / rows.shape[1]


@dataclass(frozen=True)
class Blur(Defense):
    share: float = 0.5

    def wrap(self, classifier):
        return Blurred(classifier, self.share)


class TestAWrapper:
    def test_trains_the_plain_model_and_wraps_it(self, dataset, cache):
        plain = prepare(VictimSpec("nb", "tfidf-nb"), dataset)
        spec = VictimSpec("blurred", "tfidf-nb", (DefenseSpec(f"{__name__}:Blur"),))
        victim = prepare(spec, dataset)
        assert len(cached(cache)) == 1, "it trains nothing of its own"
        assert victim.train_seconds == plain.train_seconds
        assert find_trained(spec, dataset, seed=0, device="cpu") is not None
        info = victim.classifier.info
        assert (info.name, info.sha256) == ("blurred", plain.classifier.info.sha256)
        assert victim.defenses[0].params == {"share": 0.5}
        texts = ["a good film", "a dull film"]
        expected = plain.classifier.predict_proba(texts) / 2 + 0.25
        np.testing.assert_allclose(victim.classifier.predict_proba(texts), expected, atol=1e-6)
        assert plain.classifier.info.name == "nb"

    def test_wrapping_a_trained_folder_trains_nothing(self, dataset, svm, cache):
        spec = VictimSpec("mine", str(svm), (DefenseSpec(f"{__name__}:Blur"),))
        assert not spec.needs_training
        victim = prepare(spec, dataset)
        assert isinstance(victim.classifier, Blurred)
        assert (victim.training_seed, victim.train_seconds) == (None, None)
        assert victim.classifier.info.sha256 == load_model(str(svm)).info.sha256
        assert not cache.exists()

    def test_must_keep_the_labels(self, dataset, svm, monkeypatch):
        def turned(self, classifier):
            blurred = Blurred(classifier, self.share)
            blurred.label_names = classifier.label_names[::-1]
            return blurred

        monkeypatch.setattr(Blur, "wrap", turned)
        with pytest.raises(ModelError, match=r"Blur changes the labels of mine; .* must keep them"):
            prepare(VictimSpec("mine", str(svm), (DefenseSpec(f"{__name__}:Blur"),)), dataset)

    def test_has_no_training(self, dataset, base, tmp_path):
        with pytest.raises(InputError, match="Blur trains nothing"):
            train_defended([Blur()], dataset, base, CONFIG, tmp_path / "out")


def test_defense_without_hooks_changes_nothing(dataset, svm, tmp_path):
    @dataclass(frozen=True)
    class Nothing(Defense):
        names: tuple[str, ...] = ("a", "b")

    defense = Nothing()
    assert (defense.revision, defense.needs_plain_model, defense.trains) == (1, False, False)
    assert (defense.hooks, defense.is_randomised, defense.step_cost) == ((), False, StepCost(1, 1))
    assert (defense.row_cost(10, 2), defense.query_cost) == (RowCost(), 1)
    assert (defense.params(), defense.dependencies()) == ({"names": ["a", "b"]}, {})
    assert defense.training_rows(dataset, None, CONFIG) is None
    texts = ["a film"]
    assert defense.training_texts(texts) is texts
    assert defense.training_config(CONFIG) is CONFIG
    assert tuple(defense.callbacks()) == ()
    classifier = load_model(str(svm))
    assert defense.wrap(classifier) is classifier


def test_hooks_are_the_overridden_ones():
    assert [kind().hooks for kind in (Adversarial, Doubled, Blur)] == [
        ("training_loss",),
        ("training_rows",),
        ("wrap",),
    ]


def test_a_class_that_is_not_a_dataclass_is_rejected():
    with pytest.raises(InputError, match="give the import path of a dataclass that extends"):
        make_defense(f"{__name__}:Forgotten", {})


class Forgotten(Blur):
    share: float = 0.9


class TestSourceHash:
    def test_covers_the_files_of_all_its_classes(self, smoothing_file, tmp_path):
        (tmp_path / "own_child.py").write_text(
            "from dataclasses import dataclass\n"
            "from own_defense import LabelSmoothing\n"
            "@dataclass(frozen=True)\n"
            "class Child(LabelSmoothing):\n    pass\n"
        )
        try:
            child = make_defense("own_child:Child", {})
            first = source_sha256(child)
            assert (
                source_sha256(child)
                == first
                != source_sha256(make_defense("own_defense:LabelSmoothing", {}))
            )
            smoothing_file.write_text(LABEL_SMOOTHING + "# edited\n")
            assert source_sha256(child) != first
        finally:
            sys.modules.pop("own_child", None)

    def test_needs_a_file(self):
        namespace = {"Defense": Defense, "dataclass": dataclass, "__name__": "typed_in"}
        exec("@dataclass(frozen=True)\nclass Typed(Defense):\n    pass", namespace)
        with pytest.raises(InputError, match="source of the defense Typed; define it in a file"):
            source_sha256(namespace["Typed"]())
