"""Defenses that transform the texts of a training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from robustbert.bench.victim_spec import VictimSpec
from robustbert.bench.victims import check_trainable, find_trained, prepare_victim
from robustbert.data import load_dataset
from robustbert.data.splitting import example_id
from robustbert.defenses import (
    Defense,
    DefenseSpec,
    TransformedClassifier,
    compose,
    train_defended,
)
from robustbert.defenses.transformed_rows import TransformedEpochRows, transform_dataset
from robustbert.errors import InputError, OutputError
from robustbert.models import load_model
from robustbert.training import EpochStart, ExtraRow
from robustbert.training.fitting import _describe
from tests.defenses.epoch_copies import EpochCopies
from tests.defenses.perturbed import CONFIG, weights_by_step


@dataclass(frozen=True)
class Replace(Defense):
    """Replaces a word by another one, in training and at inference."""

    word: str
    by: str

    keeps_gradients = False

    def training_texts(self, texts: Sequence[str]) -> Sequence[str]:
        return [self.replaced(text) for text in texts]

    def wrap(self, classifier):
        return TransformedClassifier(classifier, self.replaced)

    def replaced(self, text: str) -> str:
        return " ".join(self.by if word == self.word else word for word in text.split())


@dataclass(frozen=True)
class Rows(Defense):
    """Adds texts to the training split, and lists what it is given."""

    def training_rows(self, dataset, plain, config):
        return dataset.split("train").select(range(4))


@dataclass(frozen=True)
class RowsWithGood(Defense):
    """Adds the texts that have the word ``good``."""

    def training_rows(self, dataset, plain, config):
        return dataset.split("train").filter(lambda row: "good" in row["text"].split())


@dataclass(frozen=True)
class GoodRows(Defense):
    """Trains on the word ``good`` beside the first texts."""

    def epoch_rows(self, start: EpochStart) -> Sequence[ExtraRow]:
        assert not any("good" in text.split() for text in start.texts)
        return [ExtraRow(row, "good", start.labels[row]) for row in range(3)]


@dataclass(frozen=True)
class WrappedGoodRows(GoodRows):
    """As a vote over changed texts: what it trains on is what the wrapped classifier reads."""

    def wrap(self, classifier):
        return TransformedClassifier(classifier, lambda text: "good")


class Seen(list):
    """Keeps the texts that a classical model is fitted to."""


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    from robustbert.models.classical import tfidf_classifier

    found, fit = Seen(), tfidf_classifier.fit_tfidf

    def watch(kind, texts, *args, **kwargs):
        found.extend(texts)
        return fit(kind, texts, *args, **kwargs)

    monkeypatch.setattr(tfidf_classifier, "fit_tfidf", watch)
    return found


@pytest.fixture(scope="module")
def dataset(reviews: Path):
    return load_dataset(f"file:{reviews}")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


def test_it_is_a_hook_that_trains():
    assert Replace("a", "b").hooks == ("training_texts", "wrap")
    assert Replace("a", "b").trains
    assert not VictimSpec(
        "m", "minilm", (DefenseSpec(f"{__name__}:Replace", {"word": "a", "by": "b"}),)
    ).has_gradients


def test_every_split_is_transformed(dataset):
    found = transform_dataset(dataset, (Replace("film", "movie"),))
    assert list(found.splits) == list(dataset.splits)
    for name, rows in dataset.splits.items():
        new = found.split(name)
        assert list(new["label"]) == list(rows["label"])
        expected = [" ".join(text.split()).split() for text in rows["text"]]
        assert [text.split() for text in new["text"]] == [
            ["movie" if word == "film" else word for word in words] for words in expected
        ]
        first = new[0]
        assert first["example_id"] == example_id(first["text"], found.label_names[first["label"]])
        assert new.features == rows.features
    assert found.sha256() != dataset.sha256()
    assert transform_dataset(dataset, ()) is dataset


def test_the_first_transformation_comes_first_and_its_wrapper_outermost(dataset, seen, tmp_path):
    chain = (Replace("film", "movie"), Replace("movie", "picture"))
    model = train_defended(chain, dataset, "tfidf-nb", CONFIG, tmp_path / "out")
    train = dataset.split("train")["text"]
    assert seen == [chain[1].replaced(chain[0].replaced(text)) for text in train]
    assert any("film" in text.split() for text in train)
    assert not any({"film", "movie"} & set(text.split()) for text in seen)
    names = [f"{__name__}:Replace"] * 2
    wrapped = compose(
        [
            DefenseSpec(name, {"word": one.word, "by": one.by})
            for name, one in zip(names, chain, strict=True)
        ]
    ).wrap(load_model(str(model.folder)))
    plain = load_model(str(model.folder))
    np.testing.assert_array_equal(
        wrapped.predict_proba(["a good film"]), plain.predict_proba(["a good picture"])
    )


def test_extra_rows_are_transformed(dataset, seen, tmp_path):
    replace = Replace("good", "fine")
    train_defended([Rows(), replace], dataset, "tfidf-nb", CONFIG, tmp_path / "out")
    train = dataset.split("train")["text"]
    assert seen == [replace.replaced(text) for text in [*train, *train[:4]]]


def test_extra_rows_are_made_of_the_texts_as_they_are(dataset, seen, tmp_path):
    replace = Replace("good", "fine")
    train_defended([replace, RowsWithGood()], dataset, "tfidf-nb", CONFIG, tmp_path / "out")
    train = dataset.split("train")["text"]
    good = [text for text in train if "good" in text.split()]
    assert good
    assert seen == [replace.replaced(text) for text in [*train, *good]]


@pytest.mark.parametrize(
    ("chain", "word"),
    [
        ((GoodRows(), Replace("good", "fine")), "fine"),
        ((Replace("good", "fine"), GoodRows()), "fine"),
        ((WrappedGoodRows(), Replace("good", "fine")), "fine"),
        ((Replace("good", "fine"), WrappedGoodRows()), "good"),
    ],
)
def test_extra_rows_of_epochs_are_transformed_as_at_inference(
    chain, word, few_texts, tiny_base, tmp_path, monkeypatch
):
    from robustbert.training import finetune

    encoded, encode = [], finetune._encode

    def watch(tokenizer, texts, labels):
        encoded.append(list(texts))
        return encode(tokenizer, texts, labels)

    monkeypatch.setattr(finetune, "_encode", watch)
    train_defended(chain, few_texts, tiny_base, CONFIG, tmp_path / "out")
    assert encoded[-2:] == [[word] * 3] * 2, "in both epochs"
    assert not any("good" in text.split() for texts in encoded[:-2] for text in texts)


def test_a_transformation_that_changes_nothing_is_plain_training(
    few_texts, tiny_base, plain_weights, tmp_path
):
    found = weights_by_step(Replace("zebra", "horse"), few_texts, tiny_base, tmp_path / "out")
    assert found == plain_weights


def test_a_training_is_not_resumed_with_another_transformation(few_texts, tiny_base, tmp_path):
    defense, out = Replace("good", "fine"), tmp_path / "out"
    weights_by_step(defense, few_texts, tiny_base, out, stop_at=6)
    with pytest.raises(OutputError, match="other data, base or settings"):
        train_defended([Rows()], few_texts, tiny_base, CONFIG, out, resume=True)
    with pytest.raises(OutputError, match="other data, base or settings"):
        train_defended([Replace("good", "bad")], few_texts, tiny_base, CONFIG, out, resume=True)
    assert max(weights_by_step(defense, few_texts, tiny_base, out, resume=True)) == 8


def test_the_plan_of_a_training_tells_who_made_rows_and_who_transformed_them():
    found = _describe(TransformedEpochRows(EpochCopies(), (Replace("a", "b"),)).epoch_rows)
    assert "EpochCopies(share=0.5, weight=0.5)" in found
    assert "Replace(word='a', by='b')" in found


def test_a_classical_model_can_be_trained_and_is_cached(dataset, cache):
    spec = VictimSpec(
        "m", "tfidf-svm", (DefenseSpec(f"{__name__}:Replace", {"word": "good", "by": "fine"}),)
    )
    check_trainable(spec, dataset)
    victim = prepare_victim(spec, dataset, seed=0, dtype="float32", device="cpu")
    np.testing.assert_array_equal(
        victim.classifier.predict_proba(["a good film"]),
        victim.classifier.predict_proba(["a fine film"]),
    )
    (key,) = (json.loads(path.read_text())["key"] for path in cache.glob("*/made.json"))
    assert key["params"] == {"word": "good", "by": "fine"}
    assert find_trained(spec, dataset, seed=0) is not None
    other = DefenseSpec(f"{__name__}:Replace", {"word": "good", "by": "bad"})
    assert find_trained(VictimSpec("m", "tfidf-svm", (other,)), dataset, seed=0) is None


@dataclass(frozen=True)
class Wrong(Defense):
    keeps: int = 0

    def training_texts(self, texts):
        return [" "] * len(texts) if self.keeps else texts[1:]


def test_wrong_transformations_are_refused(dataset, tmp_path):
    size = len(dataset.split("train"))
    with pytest.raises(InputError, match=f"Wrong transforms {size} texts into {size - 1}; return"):
        train_defended([Wrong()], dataset, "tfidf-nb", CONFIG, tmp_path / "out")
    with pytest.raises(InputError, match=r"Wrong transforms '.*' into ' '; return a text with"):
        train_defended([Wrong(1)], dataset, "tfidf-nb", CONFIG, tmp_path / "out")
    assert not (tmp_path / "out").exists()
