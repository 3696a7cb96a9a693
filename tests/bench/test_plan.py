from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from robustbert.bench import Choices, Suite, load_suite, make_plan
from robustbert.errors import InputError, MissingAssetError, UnknownNameError

SUITE = Suite(
    name="mine",
    datasets=("rotten_tomatoes", "bbc_news"),
    models=("minilm", "tfidf-svm"),
    recipes=("pwws", "iga"),
    tracks=("unified", "published"),
    recipe_examples={"iga": 30},
    limits={"queries_per_word": 7},
)


def test_a_plan_is_the_product_with_the_cells_of_a_victim_together():
    cells = make_plan(SUITE).cells
    assert len(cells) == 2 * 2 * 2 * 2
    seen = [(cell.dataset, cell.victim.name) for cell in cells]
    assert sum(pair != after for pair, after in itertools.pairwise(seen)) == 3
    assert {cell.n for cell in cells if cell.recipe == "iga"} == {30}
    assert {cell.n for cell in cells if cell.recipe == "pwws"} == {100}
    assert make_plan(SUITE).limits.queries_per_word == 7


def test_a_recipe_runs_on_all_victims_of_a_dataset_before_the_next_does():
    plan = make_plan(SUITE)
    cells = plan.in_running_order()
    assert set(cells) == set(plan.cells)
    seen = [(cell.dataset, cell.recipe) for cell in cells]
    assert [key for key, _ in itertools.groupby(seen)] == [
        (dataset, recipe) for dataset in SUITE.datasets for recipe in SUITE.recipes
    ]
    # a victim's tracks stand together, so that it is loaded once a recipe
    loaded = [key for key, _ in itertools.groupby(cells, lambda c: (c.dataset, c.victim))]
    assert len(loaded) == 2 * 2 * 2


def test_choices_take_the_place_of_what_the_suite_says():
    choices = Choices(["imdb"], ["tfidf-nb"], ["deepwordbug"], ["published"], 7, 3)
    plan = make_plan(SUITE, choices)
    (cell,) = plan.cells
    assert cell.describe() == "imdb tfidf-nb published deepwordbug"
    assert (cell.n, plan.seed) == (7, 3)


def test_fewer_examples_hold_for_every_recipe_and_more_do_not_overrule_its_own():
    assert {cell.n for cell in make_plan(SUITE, Choices(num_examples=5)).cells} == {5}
    assert {cell.n for cell in make_plan(SUITE, Choices(num_examples=500)).cells} == {30, 500}


def test_a_dataset_gives_no_more_examples_than_the_suite_takes_of_it():
    suite = SUITE.model_copy(update={"dataset_examples": {"bbc_news": 60}})
    found = {(c.dataset, c.recipe): c.n for c in make_plan(suite).cells}
    assert found["bbc_news", "pwws"] == 60
    assert found["bbc_news", "iga"] == 30
    assert found["rotten_tomatoes", "pwws"] == 100
    assert {c.n for c in make_plan(suite, Choices(num_examples=5)).cells} == {5}


def test_a_name_twice_is_a_name_once():
    plan = make_plan(SUITE, Choices(["imdb"], ["tfidf-nb"] * 2, ["pwws"] * 2, ["unified"] * 2))
    assert len(plan.cells) == 1


def test_recipes_that_read_gradients_skip_victims_without(svm: Path, bert: Path):
    models = ["minilm", "tfidf-nb", str(svm), str(bert)]
    plan = make_plan(SUITE, Choices(["imdb"], models, ["a2t", "pwws"], ["unified"]))
    ran = [(cell.victim.name, cell.recipe) for cell in plan.cells]
    assert [name for name, recipe in ran if recipe == "a2t"] == ["minilm", "bert"]
    assert [cell.victim.name for cell in plan.skipped] == ["tfidf-nb", "svm"]


def test_a_defended_model_of_the_suite_has_the_name_of_its_base():
    victims = {cell.victim.label: cell.victim for cell in make_plan(load_suite("quick")).cells}
    assert list(victims) == ["minilm", "minilm+adversarial-training", "tfidf-svm"]
    assert victims["minilm+adversarial-training"].base == "minilm"
    assert victims["minilm+adversarial-training"].trained


def test_a_folder_is_called_by_its_own_name(svm: Path, monkeypatch: pytest.MonkeyPatch):
    for name in (f"{svm}/", f"{svm}/../svm"):
        victim = make_plan(SUITE, Choices(models=[name])).cells[0].victim
        assert (victim.name, victim.trained) == ("svm", False)
    monkeypatch.chdir(svm)
    assert make_plan(SUITE, Choices(models=["."])).cells[0].victim.name == "svm"
    assert make_plan(SUITE, Choices(models=["/"])).cells[0].victim.name == "model"


@pytest.mark.parametrize(
    ("choices", "kind"),
    [
        (Choices(recipes=["pws"]), UnknownNameError),
        (Choices(recipes=["bae"]), MissingAssetError),
        (Choices(tracks=["own"]), UnknownNameError),
        (Choices(datasets=["imbd"]), UnknownNameError),
        (Choices(models=["bert"]), UnknownNameError),
        (Choices(num_examples=0), InputError),
        (Choices(seed=-1), InputError),
        (Choices(seed=2**32), InputError),
        (Choices(models=["tfidf-nb"], recipes=["a2t"]), InputError),
    ],
)
def test_what_cannot_be_is_refused(choices: Choices, kind: type[Exception]):
    with pytest.raises(kind):
        make_plan(SUITE, choices)


def test_models_of_one_name_get_files_of_their_own(svm: Path, tmp_path: Path):
    (tmp_path / "svm").mkdir()
    choices = Choices(
        ["imdb"], [str(svm), str(tmp_path / "svm"), "tfidf-nb"], ["pwws"], ["unified"]
    )
    cells = make_plan(SUITE, choices).cells
    assert [cell.victim.name for cell in cells] == ["svm", "svm", "tfidf-nb"]
    first, second, other = (cell.victim.variant for cell in cells)
    assert first != second
    assert other is None
    names = [cell.file_name("imdb") for cell in cells]
    assert names[0] == f"imdb--svm-v{first}--none--unified--pwws"
    assert names[2] == "imdb--tfidf-nb--none--unified--pwws"
    assert len(set(names)) == 3
    assert cells[1].describe() == f"imdb svm v{second} unified pwws"
    # the variant is of the model, not of its place in the suite
    turned = make_plan(SUITE, Choices(["imdb"], choices.models[::-1], ["pwws"], ["unified"]))
    assert {cell.file_name("imdb") for cell in turned.cells} == set(names)


TWINS = """
name = "twins"
datasets = ["imdb"]
models = ["a", "b"]
recipes = ["pwws"]
[model.a]
name = "twin"
base = "minilm"
defense = "adversarial-training"
[model.b]
name = "twin"
base = "minilm"
defense = "adversarial-training"
"""


def twins(folder: Path, more: str = "") -> Suite:
    path = folder / "twins.toml"
    path.write_text(TWINS + more)
    return load_suite(str(path))


@pytest.mark.parametrize("more", ["params = {examples = 9}", "training = {epochs = 3}"])
def test_other_settings_make_another_model(tmp_path: Path, more: str):
    first, second = (cell.victim for cell in make_plan(twins(tmp_path, more)).cells)
    assert first.label == second.label
    assert first.variant != second.variant


@pytest.mark.parametrize("more", ["", "params = {examples = 200}", "training = {epochs = 2}"])
def test_the_same_model_twice_is_refused_defaults_filled_in(tmp_path: Path, more: str):
    with pytest.raises(InputError, match="are the same: 'twin'"):
        make_plan(twins(tmp_path, more))


def test_one_folder_by_two_paths_is_one_model(svm: Path):
    with pytest.raises(InputError, match="are the same: 'svm'"):
        make_plan(SUITE, Choices(models=[str(svm), f"{svm}/../svm"]))


REPLICATES = Choices(["imdb"], ["minilm", "tfidf-nb"], ["pwws"], ["unified"], training_seeds=[0, 2])


def test_each_model_that_is_trained_has_a_cell_for_each_training_seed(svm: Path):
    models = [*REPLICATES.models, str(svm)]
    plan = make_plan(SUITE, replace(REPLICATES, models=models))
    found = [(cell.victim.name, cell.victim.training_seed) for cell in plan.cells]
    trained = [(name, seed) for name in REPLICATES.models for seed in (0, 2)]
    assert found == [*trained, ("svm", None)]
    assert plan.seed == 0, "all are attacked alike"


def test_a_replicate_has_the_training_seed_in_its_name_unless_it_is_the_runs():
    cells = make_plan(SUITE, REPLICATES).cells
    assert [cell.file_name("imdb").split("--")[1] for cell in cells] == [
        *("minilm", "minilm-seed2"),
        *("tfidf-nb", "tfidf-nb-seed2"),
    ]
    assert cells[1].describe() == "imdb minilm seed 2 unified pwws"
    other = make_plan(SUITE, replace(REPLICATES, seed=2))
    assert other.cells[0].file_name("imdb") == "imdb--minilm-seed0--none--unified--pwws"


def test_without_training_seeds_the_runs_seed_trains():
    cells = make_plan(SUITE, Choices(models=["minilm"], seed=5)).cells
    assert {(cell.victim.training_seed, cell.replicate) for cell in cells} == {(5, None)}
    assert len(cells) == len(SUITE.datasets) * len(SUITE.tracks) * len(SUITE.recipes)


def test_a_training_seed_twice_is_one():
    assert len(make_plan(SUITE, replace(REPLICATES, training_seeds=[1, 1])).cells) == 2


@pytest.mark.parametrize(
    ("seeds", "message"),
    [([-1], "--training-seeds has -1"), ([2**32], "training: seed is")],
)
def test_training_seeds_out_of_range(seeds: list[int], message: str):
    with pytest.raises(InputError, match=message):
        make_plan(SUITE, Choices(training_seeds=seeds))


def test_training_seeds_need_a_model_that_is_trained(svm) -> None:
    with pytest.raises(InputError, match="every model comes trained"):
        make_plan(
            Suite(
                name="toy",
                datasets=("rotten_tomatoes",),
                models=(str(svm),),
                recipes=("deepwordbug",),
                training_seeds=(0, 1),
            )
        )
