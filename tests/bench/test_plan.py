from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from robustbert.bench import Overrides, Suite, VictimSpec, load_suite, make_plan, suite
from robustbert.defenses import DefenseSpec
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


def test_a_plan_is_the_product_grouped_by_victim():
    cells = make_plan(SUITE).cells
    assert len(cells) == 2 * 2 * 2 * 2
    seen = [(cell.dataset, cell.victim.name) for cell in cells]
    assert sum(pair != after for pair, after in itertools.pairwise(seen)) == 3
    assert {cell.n for cell in cells if cell.recipe == "iga"} == {30}
    assert {cell.n for cell in cells if cell.recipe == "pwws"} == {100}
    assert make_plan(SUITE).limits.queries_per_word == 7


def test_cells_run_sorted_by_dataset_and_recipe():
    plan = make_plan(SUITE)
    cells = plan.in_execution_order()
    assert set(cells) == set(plan.cells)
    seen = [(cell.dataset, cell.recipe) for cell in cells]
    assert [key for key, _ in itertools.groupby(seen)] == [
        (dataset, recipe) for dataset in SUITE.datasets for recipe in SUITE.recipes
    ]
    # the tracks of a victim are adjacent, so that they share a cache of predictions
    groups = [key for key, _ in itertools.groupby(cells, lambda c: (c.dataset, c.victim))]
    assert len(groups) == 2 * 2 * 2


def test_overrides_replace_the_values_of_the_suite():
    overrides = Overrides(["imdb"], ["tfidf-nb"], ["deepwordbug"], ["published"], 7, 3)
    plan = make_plan(SUITE, overrides)
    (cell,) = plan.cells
    assert cell.describe("imdb") == "imdb tfidf-nb published deepwordbug"
    assert (cell.n, plan.seed) == (7, 3)


def test_num_examples_does_not_raise_the_limit_of_a_recipe():
    assert {cell.n for cell in make_plan(SUITE, Overrides(num_examples=5)).cells} == {5}
    assert {cell.n for cell in make_plan(SUITE, Overrides(num_examples=500)).cells} == {30, 500}


def test_a_model_can_have_fewer_examples():
    table = {"slow": {"base": "minilm", "num_examples": 20}}
    suite = Suite.model_validate(
        SUITE.model_dump() | {"models": ("minilm", "slow"), "model": table}
    )
    found = {(cell.victim.name, cell.recipe): cell.n for cell in make_plan(suite).cells}
    others = {recipe: n for (name, recipe), n in found.items() if name == "minilm"}
    assert {recipe: found["slow", recipe] for recipe in others} == {
        recipe: min(n, 20) for recipe, n in others.items()
    }
    assert max(others.values()) > 20


def test_dataset_examples_limit_the_examples_of_a_dataset():
    suite = SUITE.model_copy(update={"dataset_examples": {"bbc_news": 60}})
    found = {(c.dataset, c.recipe): c.n for c in make_plan(suite).cells}
    assert found["bbc_news", "pwws"] == 60
    assert found["bbc_news", "iga"] == 30
    assert found["rotten_tomatoes", "pwws"] == 100
    assert {c.n for c in make_plan(suite, Overrides(num_examples=5)).cells} == {5}


def test_repeated_names_are_merged():
    plan = make_plan(SUITE, Overrides(["imdb"], ["tfidf-nb"] * 2, ["pwws"] * 2, ["unified"] * 2))
    assert len(plan.cells) == 1


def test_gradient_recipes_skip_victims_without_gradients(svm: Path, bert: Path):
    models = ["minilm", "tfidf-nb", str(svm), str(bert)]
    plan = make_plan(SUITE, Overrides(["imdb"], models, ["a2t", "pwws"], ["unified"]))
    ran = [(cell.victim.name, cell.recipe) for cell in plan.cells]
    assert [name for name, recipe in ran if recipe == "a2t"] == ["minilm", "bert"]
    assert [cell.victim.name for cell in plan.skipped] == ["tfidf-nb", "svm"]


def test_a_defended_model_of_the_suite_has_the_name_of_its_base():
    victims = {cell.victim.label: cell.victim for cell in make_plan(load_suite("quick")).cells}
    assert list(victims) == ["minilm", "minilm+pgd", "tfidf-svm"]
    assert victims["minilm+pgd"].base == "minilm"
    assert victims["minilm+pgd"].needs_training


def test_a_folder_has_its_own_name(svm: Path, monkeypatch: pytest.MonkeyPatch):
    for name in (f"{svm}/", f"{svm}/../svm"):
        victim = make_plan(SUITE, Overrides(models=[name])).cells[0].victim
        assert (victim.name, victim.needs_training) == ("svm", False)
    monkeypatch.chdir(svm)
    assert make_plan(SUITE, Overrides(models=["."])).cells[0].victim.name == "svm"
    assert make_plan(SUITE, Overrides(models=["/"])).cells[0].victim.name == "model"


@pytest.mark.parametrize(
    ("overrides", "kind"),
    [
        (Overrides(recipes=["pws"]), UnknownNameError),
        (Overrides(recipes=["pso"]), MissingAssetError),
        (Overrides(tracks=["own"]), UnknownNameError),
        (Overrides(datasets=["imbd"]), UnknownNameError),
        (Overrides(models=["bert"]), UnknownNameError),
        (Overrides(num_examples=0), InputError),
        (Overrides(seed=-1), InputError),
        (Overrides(seed=2**32), InputError),
        (Overrides(models=["tfidf-nb"], recipes=["a2t"]), InputError),
    ],
)
def test_invalid_overrides_are_rejected(overrides: Overrides, kind: type[Exception]):
    with pytest.raises(kind):
        make_plan(SUITE, overrides)


def test_models_with_the_same_name_have_separate_files(svm: Path, tmp_path: Path):
    (tmp_path / "svm").mkdir()
    overrides = Overrides(
        ["imdb"], [str(svm), str(tmp_path / "svm"), "tfidf-nb"], ["pwws"], ["unified"]
    )
    cells = make_plan(SUITE, overrides).cells
    assert [cell.victim.name for cell in cells] == ["svm", "svm", "tfidf-nb"]
    first, second, other = (cell.victim.variant for cell in cells)
    assert first != second
    assert other is None
    names = [cell.file_name("imdb") for cell in cells]
    assert names[0] == f"imdb--svm-v{first}--none--unified--pwws"
    assert names[2] == "imdb--tfidf-nb--none--unified--pwws"
    assert len(set(names)) == 3
    assert cells[1].describe("imdb") == f"imdb svm v{second} unified pwws"
    # the variant depends on the model, not on its position in the suite
    reversed_ = make_plan(SUITE, Overrides(["imdb"], overrides.models[::-1], ["pwws"], ["unified"]))
    assert {cell.file_name("imdb") for cell in reversed_.cells} == set(names)


TWINS = """
name = "twins"
datasets = ["imdb"]
models = ["a", "b"]
recipes = ["pwws"]
[model.a]
name = "twin"
base = "minilm"
defense = "augmentation"
[model.b]
name = "twin"
base = "minilm"
defense = "augmentation"
"""


def twins(folder: Path, more: str = "") -> Suite:
    path = folder / "twins.toml"
    path.write_text(TWINS + more)
    return load_suite(str(path))


@pytest.mark.parametrize("more", ["params = {num_examples = 9}", "training = {epochs = 3}"])
def test_different_options_give_a_different_variant(tmp_path: Path, more: str):
    first, second = (cell.victim for cell in make_plan(twins(tmp_path, more)).cells)
    assert first.label == second.label
    assert first.variant != second.variant


@pytest.mark.parametrize("more", ["", "params = {num_examples = 1000}", "training = {epochs = 2}"])
def test_a_model_that_differs_only_by_defaults_is_rejected(tmp_path: Path, more: str):
    with pytest.raises(InputError, match="two models named 'twin' have the same"):
        make_plan(twins(tmp_path, more))


def adaptive_twins(folder: Path, defense: str) -> Suite:
    """Twins with this defense, of which the second is attacked adaptively."""
    suite = twins(folder, "adaptive = true")
    given = {"defense": (DefenseSpec(defense),)}
    tables = {name: table.model_copy(update=given) for name, table in suite.model.items()}
    return suite.model_copy(update={"model": tables})


def test_an_adaptive_attack_is_a_row_of_its_own(tmp_path: Path):
    suite = adaptive_twins(tmp_path, "safer")
    plain, adaptive = make_plan(suite).cells
    assert (plain.victim.variant, adaptive.victim.variant) == (None, None)
    assert (plain.victim.adaptive_votes, adaptive.victim.adaptive_votes) == (None, 32)
    assert plain.file_name("x") == "x--twin--safer--unified--pwws"
    assert adaptive.file_name("x") == "x--twin--safer--unified-adaptive--pwws"
    assert adaptive.describe("x") == "x twin+safer (adaptive) unified pwws"
    with pytest.raises(InputError, match="two models named 'twin' have the same"):
        make_plan(suite, Overrides(adaptive=True))


def test_an_adaptive_attack_without_anything_to_adapt_to_is_refused(tmp_path: Path):
    message = "nothing to adapt to: twin.augmentation has no defense .* leave out adaptive"
    with pytest.raises(InputError, match=message) as error:
        make_plan(adaptive_twins(tmp_path, "augmentation"))
    assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="nothing to adapt to: tfidf-nb has no defense"):
        make_plan(SUITE, Overrides(["imdb"], ["tfidf-nb"], adaptive=True))


def test_two_paths_of_the_same_folder_are_the_same_model(svm: Path):
    with pytest.raises(InputError, match="two models named 'svm' have the same"):
        make_plan(SUITE, Overrides(models=[str(svm), f"{svm}/../svm"]))


REPLICATES = Overrides(
    ["imdb"], ["minilm", "tfidf-nb"], ["pwws"], ["unified"], training_seeds=[0, 2]
)


def test_each_trained_model_has_one_cell_per_training_seed(svm: Path):
    models = [*REPLICATES.models, str(svm)]
    plan = make_plan(SUITE, replace(REPLICATES, models=models))
    found = [(cell.victim.name, cell.victim.training_seed) for cell in plan.cells]
    trained = [(name, seed) for name in REPLICATES.models for seed in (0, 2)]
    assert found == [*trained, ("svm", None)]
    assert plan.seed == 0, "all are attacked with the same seed"


def test_the_file_name_of_a_replicate_has_its_training_seed():
    cells = make_plan(SUITE, REPLICATES).cells
    assert [cell.file_name("imdb").split("--")[1] for cell in cells] == [
        *("minilm", "minilm-seed2"),
        *("tfidf-nb", "tfidf-nb-seed2"),
    ]
    assert cells[1].describe("imdb") == "imdb minilm seed 2 unified pwws"
    other = make_plan(SUITE, replace(REPLICATES, seed=2))
    assert other.cells[0].file_name("imdb") == "imdb--minilm-seed0--none--unified--pwws"


def test_training_uses_the_run_seed_by_default():
    cells = make_plan(SUITE, Overrides(models=["minilm"], seed=5)).cells
    assert {(cell.victim.training_seed, cell.replicate) for cell in cells} == {(5, None)}
    assert len(cells) == len(SUITE.datasets) * len(SUITE.tracks) * len(SUITE.recipes)


def test_repeated_training_seeds_are_merged():
    assert len(make_plan(SUITE, replace(REPLICATES, training_seeds=[1, 1])).cells) == 2


@pytest.mark.parametrize(
    ("seeds", "message"),
    [([-1], "--training-seeds contains -1"), ([2**32], "training: seed is")],
)
def test_training_seeds_out_of_range(seeds: list[int], message: str):
    with pytest.raises(InputError, match=message):
        make_plan(SUITE, Overrides(training_seeds=seeds))


def test_training_seeds_need_a_model_that_needs_training(svm) -> None:
    with pytest.raises(InputError, match="every model is already trained"):
        make_plan(
            Suite(
                name="toy",
                datasets=("rotten_tomatoes",),
                models=(str(svm),),
                recipes=("deepwordbug",),
                training_seeds=(0, 1),
            )
        )


def test_cells_and_victims_are_equal_by_value():
    first, second = make_plan(SUITE), make_plan(SUITE)
    assert first == second
    assert {cell: cell.n for cell in first.cells}[second.cells[-1]] == second.cells[-1].n
    specs = [
        DefenseSpec("augmentation", {"recipes": recipes})
        for recipes in (["pwws"], ("pwws",), ["iga"])
    ]
    with_list, with_tuple, other = (VictimSpec("a", "minilm", (spec,)) for spec in specs)
    assert with_list == with_tuple
    assert hash(with_list) == hash(with_tuple)
    assert with_list != other


def test_the_options_of_a_victim_cannot_be_changed():
    options = {"epochs": 3}
    victim = VictimSpec("a", "minilm", training=options)
    options["epochs"] = 4
    assert dict(victim.training) == {"epochs": 3}
    with pytest.raises(TypeError):
        victim.training["epochs"] = 5


def test_names_are_checked_once(monkeypatch: pytest.MonkeyPatch):
    checked = []
    check = suite.runnable_recipe
    monkeypatch.setattr(suite, "runnable_recipe", lambda name: checked.append(name) or check(name))
    loaded = load_suite("quick")
    make_plan(loaded, Overrides(models=["tfidf-nb"]))
    assert checked == list(loaded.recipes)
    make_plan(loaded, Overrides(recipes=["pwws"]))
    assert checked == [*loaded.recipes, "pwws"]
