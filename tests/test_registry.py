from __future__ import annotations

import sys

import pytest

from robustbert.attacks import RECIPES
from robustbert.data import DATASETS
from robustbert.defenses import DEFENSES
from robustbert.errors import DuplicateNameError, UnknownNameError
from robustbert.models import MODELS
from robustbert.registry import Entry, Registry

ENTRIES = [Entry("square", "colorsys:rgb_to_hsv", "four"), Entry("cube", "math:pi")]


def test_keeps_the_order_of_its_table():
    assert list(Registry("shape", ENTRIES)) == ["square", "cube"]
    assert Registry("shape", ENTRIES).entries() == tuple(ENTRIES)


def test_imports_a_target_only_when_it_is_used(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    shapes = Registry("shape", ENTRIES)
    assert "square" in shapes
    assert shapes.entry("square").summary == "four"
    assert "colorsys" not in sys.modules
    assert shapes.load("square").__name__ == "rgb_to_hsv"
    assert "colorsys" in sys.modules


def test_refuses_a_name_twice():
    with pytest.raises(DuplicateNameError, match="shape 'cube' stands twice"):
        Registry("shape", [*ENTRIES, Entry("cube", "math:tau")])


@pytest.mark.parametrize("ask", [Registry.entry, Registry.load])
def test_an_unknown_name_lists_the_near_ones(ask):
    with pytest.raises(UnknownNameError, match=r"unknown shape 'cub'; did you mean cube") as error:
        ask(Registry("shape", ENTRIES), "cub")
    assert error.value.near == ("cube",)


@pytest.mark.parametrize("table", [DATASETS, MODELS, DEFENSES], ids=lambda table: table.kind)
def test_every_target_of_our_tables_is_there(table: Registry):
    for entry in table.entries():
        assert entry.load() is not None
        assert entry.summary


def test_every_recipe_has_a_summary_and_a_target_in_textattack():
    for entry in RECIPES.entries():
        assert entry.target.startswith("textattack.attack_recipes:")
        assert entry.summary
