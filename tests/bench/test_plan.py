from __future__ import annotations

import itertools
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


def test_two_models_of_one_name_are_refused(svm: Path, tmp_path: Path):
    (tmp_path / "svm").mkdir()
    with pytest.raises(InputError, match="two models of the suite are called 'svm'"):
        make_plan(SUITE, Choices(models=[str(svm), str(tmp_path / "svm")]))
