"""The defenses that vote over random changes: safer and ranmask."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from robustbert.defenses import Composition, StepCost, make_defense, word_noise
from robustbert.defenses.perturbation_sets import perturbation_sets
from robustbert.errors import InputError, ModelError
from robustbert.models import CallableClassifier, load_model

TEXTS = ["the film was good", "a boring movie", "so"]
CALLABLE = CallableClassifier(lambda texts: [[0.5, 0.5]] * len(texts), ["neg", "pos"], name="half")


def start(epoch: int = 0, seed: int = 0, classifier: Any = None) -> Any:
    return SimpleNamespace(
        epoch=epoch,
        texts=TEXTS,
        labels=[1, 0, 1],
        config=SimpleNamespace(seed=seed),
        make_classifier=lambda: classifier,
    )


BOTH = pytest.mark.parametrize(("name", "params"), [("safer", {}), ("ranmask", {"mask": "[MASK]"})])


@BOTH
class TestBoth:
    def test_train_on_changed_copies_of_each_text(self, name, params):
        defense = make_defense(name, params | {"copies": 20})
        rows = defense.epoch_rows(start())
        assert [(row.row, row.label, row.weight) for row in rows] == [
            (row, label, 1.0) for row, label in enumerate([1, 0, 1]) for _ in range(20)
        ]
        assert len({row.text for row in rows[:20]}) > 3
        assert rows == defense.epoch_rows(start()), "the same when a training is resumed"
        assert rows != defense.epoch_rows(start(epoch=1))
        assert rows != defense.epoch_rows(start(seed=1))

    def test_cost_a_pass_on_each_copy(self, name, params):
        defense = make_defense(name, params | {"copies": 2})
        assert defense.step_cost == Composition((name,), (defense,)).step_cost == StepCost(3, 3)
        assert defense.row_cost(len(TEXTS), 4).rows == 4 * len(defense.epoch_rows(start()))

    def test_cost_a_pass_of_each_vote_per_query(self, name, params):
        asked: list[str] = []

        def predict(texts):
            asked.extend(texts)
            return [[0.5, 0.5]] * len(texts)

        # a text that none of the changes repeats, so that no prediction is shared
        defense = make_defense(name, params | {"votes": 2})
        inner = CallableClassifier(predict, ["neg", "pos"], name="half")
        asked.clear()
        defense.wrap(inner).predict_proba(["the film was a wonderful and moving story about love"])
        assert len(asked) == defense.query_cost == 2

    def test_are_randomised_and_have_no_gradients(self, name, params):
        defense = make_defense(name, params)
        assert defense.is_randomised
        assert not defense.keeps_gradients
        assert defense.hooks == ("epoch_rows", "wrap")

    def test_without_copies_wrap_the_plain_model(self, name, params):
        defense = make_defense(name, params | {"copies": 0})
        found = Composition((name,), (defense,))
        assert not found.trains
        assert found.needs_plain_model
        assert found.wrappers == (name,)
        defense.check_base("tfidf-svm")
        assert defense.step_cost == StepCost(1, 1)
        assert defense.epoch_rows(start()) == ()
        with pytest.raises(ModelError, match="changes epochs, which tfidf-svm does not have"):
            make_defense(name, params).check_base("tfidf-svm")

    def test_pass_votes_on(self, name, params):
        found = make_defense(name, params | {"votes": 3}).wrap(CALLABLE)
        assert found.vote_counts(TEXTS).tolist() == [[3, 0]] * 3
        hard = make_defense(name, params | {"hard_votes": True}).wrap(CALLABLE)
        assert hard.predict_proba(TEXTS).tolist() == [[1.0, 0.0]] * 3

    def test_an_edit_of_the_changes_trains_a_model_again(self, name, params):
        source = Path(word_noise.__file__).read_bytes()
        found = make_defense(name, params).dependencies()
        assert found["word_noise"] == hashlib.sha256(source).hexdigest()

    @pytest.mark.parametrize(
        "wrong", [{"votes": 0}, {"votes": True}, {"copies": -1}, {"copies": 0.5}]
    )
    def test_refuse_numbers_out_of_range(self, name, params, wrong):
        [key] = wrong
        with pytest.raises(InputError, match=key):
            make_defense(name, params | wrong)


class TestSafer:
    def test_copies_have_words_of_the_sets(self):
        sets = perturbation_sets(0.8, 10, components=True)
        rows = make_defense("safer", {"set_size": 10, "copies": 5}).epoch_rows(start())
        for row in rows:
            for new, old in zip(row.text.split(), TEXTS[row.row].split(), strict=True):
                assert new in sets.perturbations(old)

    def test_the_word_vectors_are_its_assets(self):
        defense = make_defense("safer", {})
        assert list(defense.wrapper_assets()) == ["word-vectors"]
        assert defense.dependencies()["assets"] == defense.wrapper_assets()

    @pytest.mark.parametrize(
        "wrong",
        [{"min_cosine": 1.1}, {"min_cosine": float("nan")}, {"set_size": 0}, {"set_size": 102}],
    )
    def test_refuses_numbers_out_of_range(self, wrong):
        [key] = wrong
        with pytest.raises(InputError, match=f"{key} is .*; give a"):
            make_defense("safer", wrong)


class TestRanMask:
    def test_masks_with_the_token_of_the_network(self, tiny_victim):
        model = load_model(str(tiny_victim), dtype="float32", device="cpu")
        defense = make_defense("ranmask", {"mask_share": 0.5})
        rows = defense.epoch_rows(start(classifier=model))
        assert rows[0].text.split().count("[MASK]") == 2
        assert defense.wrap(model).vote_counts(TEXTS).sum() == 8 * 3

    @pytest.mark.parametrize("wrapped", [False, True])
    def test_needs_a_mask(self, wrapped):
        """A defense inside it could change the mask."""
        model = make_defense("safer", {}).wrap(CALLABLE) if wrapped else CALLABLE
        with pytest.raises(ModelError, match="ranmask: model 'half' has no mask token; give"):
            make_defense("ranmask", {}).wrap(model)

    def test_a_network_without_a_mask_token_needs_one(self, tiny_victim, monkeypatch):
        model = load_model(str(tiny_victim), dtype="float32", device="cpu")
        network = SimpleNamespace(tokenizer=SimpleNamespace(mask_token=None))
        monkeypatch.setattr(model, "embedded_network", lambda: network)
        with pytest.raises(ModelError, match="has no mask token"):
            make_defense("ranmask", {}).wrap(model)

    @pytest.mark.parametrize("wrong", [{"mask_share": -0.1}, {"mask_share": 1.5}, {"mask": "a b"}])
    def test_refuses_values_out_of_range(self, wrong):
        [key] = wrong
        with pytest.raises(InputError, match=f"{key} is .*; give "):
            make_defense("ranmask", wrong)
