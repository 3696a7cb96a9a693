from __future__ import annotations

import inspect

import pytest

from robustbert.assets import asset_names, using_profile
from robustbert.attacks.recipes import (
    RECIPES,
    assets_of,
    assets_of_attacks,
    recipe,
    runnable_recipe,
)
from robustbert.errors import MissingAssetError, UnknownNameError

OFFLINE = (
    *("deepwordbug", "pruthi", "pwws", "textbugger", "textfooler", "iga", "a2t", "leap"),
    *("bae", "bert-attack", "clare", "bad-characters"),
)

#: Those that run with canonical assets alone, with the asset that they need.
CANONICAL = {
    "alzantot": "billion-words-lm",
    "checklist": "ner-tagger",
    "faster-alzantot": "learning-to-write",
    "kuleshov": "gpt2",
    "pso": "hownet",
}

# TextAttack's recipes for other languages and for text-to-text models.
NOT_FOR_US = {
    "AttackRecipe",
    "ChineseRecipe",
    "FrenchRecipe",
    "MorpheusTan2020",
    "Seq2SickCheng2018BlackBox",
    "SpanishRecipe",
}


def test_every_classification_recipe_of_textattack_is_listed(textattack):
    import textattack.attack_recipes as module

    known = {
        name
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, module.AttackRecipe)
    }
    listed = {entry.target.partition(":")[2] for entry in RECIPES.entries()}
    assert listed == known - NOT_FOR_US


@pytest.mark.parametrize("name", OFFLINE)
def test_offline_recipes_name_assets_that_exist(name: str):
    assert set(runnable_recipe(name).assets) <= set(asset_names())


def test_recipes_that_cannot_run_say_what_is_missing_and_how_to_run_them():
    for name in set(RECIPES) - set(OFFLINE):
        with pytest.raises(MissingAssetError, match=recipe(name).missing[:20].replace("(", r"\(")):
            runnable_recipe(name)
        assert recipe(name).remedy


@pytest.mark.parametrize("name", CANONICAL)
def test_a_recipe_without_offline_assets_points_to_the_canonical_ones(name: str):
    with pytest.raises(MissingAssetError, match=r"with offline assets: .*--assets canonical"):
        runnable_recipe(name)
    with using_profile("canonical"):
        assert CANONICAL[name] in assets_of([name])


def test_every_recipe_runs_with_canonical_assets_but_those_whose_gap_is_none():
    with using_profile("canonical"):
        missing = {entry.name for entry in RECIPES.entries() if entry.missing_now}
        assert missing == {"hotflip", "input-reduction"}
        for name in set(RECIPES) - missing:
            assert set(assets_of([name])) <= set(asset_names())
        with pytest.raises(MissingAssetError, match="with TextAttack directly"):
            runnable_recipe("hotflip")


def test_own_sentence_encoders_are_read_where_the_track_keeps_them():
    own = "universal-sentence-encoder"
    assert own not in assets_of(["textfooler"], ["published"])
    with using_profile("canonical"):
        assert own in assets_of(["textfooler"], ["published"])
        assert own in assets_of(["textfooler"], ["unified", "unified-li"])
        assert own not in assets_of(["textfooler"], ["unified"])
        assert "sbert" in assets_of(["a2t"])
        read = set(assets_of_attacks(["pwws"], ["published", "unified-li"]))
        assert read == {*assets_of(["pwws"]), "sentence-encoder", "word-vectors"}
        assert {"distilroberta", own} <= set(assets_of(["clare"]))


def test_an_unknown_recipe_name_gets_suggestions():
    with pytest.raises(UnknownNameError, match="did you mean textfooler"):
        runnable_recipe("textfoler")


def test_shared_assets_are_listed_once():
    assert assets_of(["pwws", "textfooler"]) == assets_of(["textfooler"])
    assert "word-vectors" not in assets_of(["pwws"])
