from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.leaderboard import BestKnown
from robustbert.metrics import MeanStd, proportion
from robustbert.records import PublishedCell
from tests.leaderboard.published import board_of, cell, core_cells


def best_known(*cells: PublishedCell) -> BestKnown | None:
    [row] = board_of(*cells).rows
    return row.best_known


def test_it_counts_examples_that_survive_every_attack() -> None:
    #               01234567
    core = core_cells("rrrrxbbs")
    found = best_known(*core, cell("brrrrrrs", recipe="iga"), cell("bbrrrbrs", recipe="pruthi"))
    assert found == BestKnown(proportion(3, 8), 8, ("iga", "pruthi"), 2)


@given(st.lists(st.tuples(*[st.sampled_from("rxbe")] * 6), min_size=1, max_size=12))
def test_it_agrees_with_going_through_every_example(examples: list[tuple[str, ...]]) -> None:
    recipes = (*CORE_RECIPES, "iga", "pruthi")
    runs = ["".join(letters) for letters in zip(*examples, strict=True)]
    found = best_known(
        *(cell(run, recipe=recipe) for recipe, run in zip(recipes, runs, strict=True))
    )
    survivors, newly_broken, by = 0, 0, set()
    for letters in examples:
        if set(letters[:4]) <= {"r", "x"}:
            breaking = {name for name, x in zip(recipes[4:], letters[4:], strict=True) if x == "b"}
            survivors += not breaking
            newly_broken += bool(breaking)
            by |= breaking
    expected = BestKnown(
        proportion(survivors, len(examples)), len(examples), tuple(sorted(by)), newly_broken
    )
    assert found == (expected if by else None)


def test_nothing_filed_means_no_best_known() -> None:
    assert best_known(*core_cells("rb")) is None


def test_an_attack_that_breaks_nothing_new_is_not_one() -> None:
    assert best_known(*core_cells("rrb"), cell("rrb", recipe="iga")) is None


@pytest.mark.parametrize("letter", ["r", "x", "e"])
def test_an_attack_that_did_not_break_an_example_leaves_it(letter: str) -> None:
    found = best_known(*core_cells("rrb"), cell(f"b{letter}b", recipe="iga"))
    assert found == BestKnown(proportion(1, 3), 3, ("iga",), 1)


def test_an_attack_on_some_examples_leaves_the_others() -> None:
    found = best_known(*core_cells("rrrb"), cell("b", recipe="iga"))
    assert found == BestKnown(proportion(2, 4), 4, ("iga",), 1)


def test_other_examples_are_ignored() -> None:
    assert best_known(*core_cells("rrrb"), cell("bbbb", start=4, recipe="iga")) is None


def test_only_recipes_that_break_something_new_are_named() -> None:
    found = best_known(*core_cells("rrb"), cell("rrb", recipe="iga"), cell("rbb", recipe="pruthi"))
    assert found is not None
    assert found.recipes == ("pruthi",)


def test_an_attack_under_other_limits_is_not_of_the_row() -> None:
    other = cell("bb", recipe="iga", profile="canonical")
    assert [row.best_known for row in board_of(*core_cells("rr"), other).rows] == [None, None]


def test_a_row_without_all_core_recipes_has_none() -> None:
    assert best_known(*core_cells("rr")[1:], cell("bb", recipe="iga")) is None


def test_it_does_not_change_the_rank() -> None:
    board = board_of(
        *core_cells("r" * 20, model="a", model_sha256="1" * 64),
        *core_cells("r" * 10 + "b" * 10, model="b", model_sha256="2" * 64),
        cell("b" * 20, model="a", model_sha256="1" * 64, recipe="iga"),
    )
    [first, second] = board.rows
    assert (first.row.name, first.rank and first.rank.rank) == ("a", 1)
    assert first.best_known == BestKnown(proportion(0, 20), 20, ("iga",), 20)
    assert (second.row.name, second.best_known) == ("b", None)


def test_for_replicates_it_is_the_mean() -> None:
    names = [
        {"model_sha256": f"{seed:064d}", "training_seed": seed, "training": {"epochs": 2}}
        for seed in (0, 1)
    ]
    found = best_known(
        *core_cells("rrrb", **names[0]),
        *core_cells("rrrr", **names[1]),
        cell("brrb", recipe="iga", **names[0]),
        cell("rrrr", recipe="iga", **names[1]),
    )
    std = pytest.approx(0.5 / 2**0.5)
    assert found == BestKnown(MeanStd(0.75, std, 2), 4, ("iga",), 1)


def test_its_marks_are_those_of_its_recipes() -> None:
    board = board_of(*core_cells("r" * 9 + "b"), cell("b" + "x" * 9, recipe="iga"))
    [row] = board.rows
    assert row.row.worst_case_marks(CORE_RECIPES) == "#"
    assert row.row.recipe_marks("iga") == "§#"
    assert row.best_known_marks == "#§"
