"""Which examples are drawn for raters, and in which order."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from robustbert.audit.item_selection import draw_items
from robustbert.reports.run_view import Selection, select_cells
from tests.audit.audited_runs import RECIPES, audited_run, broken
from tests.records.builders import add_cell


@pytest.fixture
def cells(tmp_path):
    return select_cells(audited_run(tmp_path / "run", 40), Selection())


def test_recipes_have_equal_shares_and_no_original_occurs_twice(cells):
    drawn = draw_items(cells, 31, seed=0)
    recipes = Counter(one.item.recipe for one in drawn)
    assert sorted(recipes.values()) == [15, 16]
    assert set(recipes) == set(RECIPES)
    assert len({one.item.example_id for one in drawn}) == 31


def test_only_as_many_items_as_distinct_originals(cells):
    assert len(draw_items(cells, 1000, seed=0)) == 40


def test_a_small_cell_gives_all_that_it_has(tmp_path):
    run = audited_run(tmp_path / "run", 40)
    add_cell(run, [broken(f"{number:02x}", "iga") for number in range(3)], recipe="iga")
    drawn = draw_items(select_cells(run, Selection()), 40, seed=0)
    assert Counter(one.item.recipe for one in drawn)["iga"] == 3
    assert len(drawn) == 40


def test_the_adversarial_text_is_on_the_side_of_the_key(cells):
    for drawn in draw_items(cells, 40, seed=0):
        texts = {"first": drawn.first, "second": drawn.second}
        assert drawn.item.recipe in texts.pop(drawn.item.adversarial)
        assert "fine" in texts.popitem()[1]


def test_sides_and_order_are_random(cells):
    drawn = draw_items(cells, 40, seed=0)
    sides = Counter(one.item.adversarial for one in drawn)
    assert min(sides.values()) >= 8
    ids = [one.item.example_id for one in drawn]
    assert ids != sorted(ids)
    assert [one.item.recipe for one in drawn[:20]].count("pwws") not in (0, 20)


def test_no_spreadsheet_takes_an_id_for_a_number(cells):
    """Of plain hexadecimal ids, about one in 200 would be a number, such as 123456789012."""
    ids = [one.item.id for seed in range(25) for one in draw_items(cells, 40, seed=seed)]
    assert len(set(ids)) == 1000
    assert all(re.fullmatch("p[0-9a-f]{12}", id_) for id_ in ids)


def test_the_seed_decides_everything(cells):
    first, again, other = (draw_items(cells, 20, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert {one.item.id for one in first}.isdisjoint({one.item.id for one in other})
