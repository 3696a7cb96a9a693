from __future__ import annotations

from pathlib import Path

import pytest

from robustbert.assets import using_profile
from robustbert.bench import Overrides, load_suite, make_plan, suite_names
from robustbert.bench.suite import Suite
from robustbert.defenses import DefenseSpec
from robustbert.errors import MissingAssetError, SuiteError, UnknownNameError
from robustbert.paths import suites_folder
from robustbert.records import cell_name

WHOLE = """
name = "mine"
datasets = ["rotten_tomatoes"]
models = ["tfidf-nb", "strong"]
recipes = ["pwws"]
[model.strong]
base = "tfidf-svm"
defense = "augmentation"
"""


def suite(tmp_path: Path, text: str) -> Suite:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return load_suite(str(path))


@pytest.mark.parametrize(
    "defense",
    [
        'defense = "augmentation"\nparams = { num_examples = 3 }',
        'defense = ["augmentation"]\nparams = { num_examples = 3 }',
        'defense = { name = "augmentation", num_examples = 3 }',
        'defense = [{ name = "augmentation", num_examples = 3 }]',
        '[[model.strong.defense]]\nname = "augmentation"\nnum_examples = 3',
    ],
)
def test_a_defense_can_be_written_in_several_forms(tmp_path: Path, defense: str):
    found = suite(tmp_path, WHOLE.replace('defense = "augmentation"', defense))
    expected = (DefenseSpec("augmentation", {"num_examples": 3}),)
    assert make_plan(found).cells[-1].victim.defenses == expected


def test_a_list_of_defenses_keeps_its_order(tmp_path: Path):
    names = '["augmentation", { name = "augmentation", num_examples = 3 }]'
    found = suite(tmp_path, WHOLE.replace('"augmentation"', names))
    cell = make_plan(found).cells[-1]
    assert [dict(spec.params) for spec in cell.victim.defenses] == [{}, {"num_examples": 3}]
    assert cell.victim.label == "strong+augmentation+augmentation"
    assert cell.file_name("x") == cell_name(
        "x", "strong", "augmentation + augmentation", "unified", "pwws"
    )


@pytest.mark.parametrize("name", suite_names())
def test_every_committed_suite_can_be_planned(name: str):
    found = load_suite(name)
    assert found.name == name
    assert found.summary
    assert make_plan(found).cells


def test_the_names_of_the_committed_suites():
    checkout = Path(__file__).parents[2] / "benchmarks" / "suites"
    assert suites_folder() == checkout
    assert suite_names() == (
        "best_defenses",
        "composition_selection",
        "defense_selection",
        "defenses",
        "imdb",
        "masked_models",
        "quick",
        "results",
    )


def test_defaults(tmp_path: Path):
    found = suite(tmp_path, WHOLE)
    assert (found.tracks, found.num_examples, found.seed) == (("unified",), None, 0)
    assert found.split == "test"
    assert found.training_seeds is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (('name = "mine"', ""), "name: missing"),
        (('["pwws"]', "[]"), "recipes: tuple should have at least 1 item"),
        (('["pwws"]', '["pws"]'), "recipes: unknown recipe 'pws'; did you mean pwws"),
        (('["pwws"]', '["pso"]'), "recipes: recipe 'pso' needs the HowNet candidate list"),
        (('["pwws"]', "[1]"), "recipes.0: input should be a valid string, not '1'"),
        (("rotten_tomatoes", "roten"), "datasets: unknown dataset 'roten'; did you mean rotten"),
        (("tfidf-nb", "tfidf-mb"), "models: unknown model 'tfidf-mb'; did you mean tfidf-nb"),
        (("tfidf-svm", "tfidf-sv"), "model.strong: unknown model 'tfidf-sv'; did you mean"),
        (
            ("augmentation", "augmentatin"),
            "model.strong: unknown defense 'augmentatin'; did",
        ),
        (("base", "bas"), "model.strong.base: missing"),
        (("defense", "defence"), "model.strong.defence: unknown key; did you mean defense?"),
        (("models", "modles"), "models: missing"),
        (("\n[model", "\nsed = 1\n[model"), "sed: unknown key; did you mean seed"),
        (("\n[model", '\ntracks = ["unifed"]\n[model'), "tracks: unknown track 'unifed'; did you"),
        (
            ("\n[model", '\nsplit = "tset"\n[model'),
            "split: unknown split 'tset'; did you mean",
        ),
        (("\n[model", "\nnum_examples = 0\n[model"), "num_examples: input should be greater than"),
        (("\n[model", '\nnum_examples = "9"\n[model'), "num_examples: input should be a valid int"),
        (
            ("\n[model", '\nassets = "cannonical"\n[model'),
            "assets: unknown assets profile 'cannonical'; did you mean canonical?",
        ),
        (("\n[model", "\nassets = true\n[model"), "assets: input should be a valid string"),
        (("pwws", "pso"), "recipes: recipe 'pso' needs the HowNet candidate list"),
        (("\n[model", "\nseed = true\n[model"), "seed: input should be a valid integer"),
        (("\n[model", "\nseed = -1\n[model"), "seed: input should be greater than or equal to 0"),
        (
            ("\n[model", "\ntraining_seeds = []\n[model"),
            "training_seeds: tuple should have at least 1 item",
        ),
        (
            ("\n[model", "\ntraining_seeds = [0, -1]\n[model"),
            "training_seeds.1: input should be greater than or equal to 0",
        ),
        (
            ("\n[model", "\ntraining_seeds = [4294967296]\n[model"),
            "training_seeds: training: seed is",
        ),
    ],
)
def test_an_error_names_its_position(tmp_path: Path, change: tuple[str, str], expected: str):
    text = WHOLE.replace(*change, 1)
    assert text != WHOLE
    with pytest.raises(SuiteError) as error:
        suite(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path / 'mine.toml'}: {expected}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("[dataset_examples]\nbbc = 3", "dataset_examples: unknown dataset 'bbc'"),
        ("[recipe_examples]\npws = 3", "recipe_examples: unknown recipe 'pws'"),
        ("[recipe_examples]\npwws = 0", "recipe_examples.pwws: input should be greater"),
        ("[limits]\nmax_word = 3", "limits: unified limits: unknown setting 'max_word'"),
        ("[limits]\nmin_similarity = 2", "limits: min_similarity is 2"),
        ('[limits]\nmin_similarity = "high"', "limits: unified limits: min_similarity is 'high'"),
        ("[limits]\nmax_candidates = 1.5", "limits: unified limits: max_candidates is 1.5"),
        ("[model.strong.params]\nnum_examples = 0", "model.strong: augmentation: num_examples"),
        ("[model.strong.params]\nexample = 1", "model.strong: augmentation: unknown setting"),
        ('[model.strong.params]\ncontrol = "2"', "model.strong: augmentation: control is"),
        ('[model.strong.params]\nrecipes = ["pws"]', "model.strong: unknown recipe 'pws'"),
        ('[model.strong.params]\ntrack = "own"', "model.strong: unknown track 'own'"),
        ("[model.strong.training]\nepoch = 1", "model.strong: training: unknown setting 'epoch'"),
        ("[model.strong.training]\nseed = 1", "model.strong: training: unknown setting 'seed'"),
        ("[model.strong.training]\nepochs = 0", "model.strong: training: epochs"),
        (
            '[model.plain]\nbase = "tfidf-nb"\nparams = {num_examples = 3}',
            "model.plain: params",
        ),
        (
            '[model.q]\nbase = "minilm"\ndefense = 3',
            "model.q.defense: give the name of a defense, a table such as",
        ),
        (
            '[model.q]\nbase = "minilm"\ndefense = ["augmentation", { steps = 3 }]',
            "model.q.defense: give the name of a defense, a table such as",
        ),
        (
            '[model.q]\nbase = "minilm"\ndefense = { name = "augmentation", example = 3 }',
            "model.q: augmentation: unknown setting 'example'; did you mean num_examples?",
        ),
        (
            '[model.q]\nbase = "minilm"\ndefense = { name = "augmentation", control = true }\n'
            "params = { num_examples = 3 }",
            "model.q: params is given beside a list or a table; write the parameters of each",
        ),
    ],
)
def test_options_are_checked_with_the_suite(tmp_path: Path, more: str, expected: str):
    with pytest.raises(SuiteError) as error:
        suite(tmp_path, f"{WHOLE}\n{more}\n")
    assert str(error.value).startswith(f"{tmp_path / 'mine.toml'}: {expected}")


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe", b"a = 1\na = 2"])
def test_a_file_that_is_not_toml(tmp_path: Path, content: bytes):
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(SuiteError, match="is not valid TOML"):
        load_suite(str(path))


def test_a_folder_is_not_a_suite(tmp_path: Path):
    with pytest.raises(SuiteError, match="Is a directory"):
        load_suite(str(tmp_path))


def test_unknown_name_suggests_similar_names():
    with pytest.raises(UnknownNameError, match="unknown suite 'result'; did you mean results"):
        load_suite("result")


def test_suite_is_validated_at_construction():
    given = {"name": "mine", "datasets": ["imdb"], "models": ["tfidf-nb"], "recipes": ["pwws"]}
    assert Suite.model_validate(given).recipes == ("pwws",)
    with pytest.raises(UnknownNameError, match="unknown recipe 'pws'; did you mean pwws"):
        Suite.model_validate(given | {"recipes": ["pws"]})


def test_a_seed_that_is_too_large(tmp_path: Path):
    text = WHOLE.replace("\n[model", "\nseed = 4294967296\n[model", 1)
    with pytest.raises(SuiteError, match=r"mine\.toml: seed: training: seed is"):
        suite(tmp_path, text)


CANONICAL = WHOLE.replace('["pwws"]', '["pso"]\nassets = "canonical"')


def test_a_suite_names_the_assets_profile(tmp_path: Path):
    assert make_plan(suite(tmp_path, WHOLE)).assets == "offline"
    found = suite(tmp_path, CANONICAL)
    assert found.assets == "canonical"
    assert make_plan(found).assets == "canonical"
    with using_profile("offline"):
        assert make_plan(found).assets == "canonical"


def test_a_suite_without_a_profile_has_the_current_one(tmp_path: Path):
    with using_profile("canonical"):
        found = suite(tmp_path, WHOLE.replace("pwws", "pso"))
        assert make_plan(found).assets == "canonical"
    with pytest.raises(SuiteError, match="recipes: recipe 'pso' needs"):
        suite(tmp_path, WHOLE.replace("pwws", "pso"))


def test_an_overridden_profile_is_checked_with_the_recipes(tmp_path: Path):
    found = suite(tmp_path, CANONICAL)
    with pytest.raises(MissingAssetError, match="recipe 'pso' needs the HowNet candidate list"):
        make_plan(found, Overrides(assets="offline"))
    with pytest.raises(UnknownNameError, match="unknown assets profile 'online'"):
        make_plan(found, Overrides(assets="online"))
    plain = suite(tmp_path, WHOLE)
    assert make_plan(plain, Overrides(assets="canonical")).assets == "canonical"
    assert make_plan(plain, Overrides(assets="canonical", recipes=["pso"])).recipes() == ("pso",)
