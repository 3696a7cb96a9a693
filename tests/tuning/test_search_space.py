"""The ranges of a search, and what the documentation says about them."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from robustbert.errors import InputError
from robustbert.tuning import SearchSpace

PAGE = Path(__file__).parents[2] / "docs" / "tuning.md"


def test_the_documented_ranges_are_the_defaults():
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    shown = {
        name: ", ".join(map(str, values))
        if name in ("batch_size", "optimizer")
        else " to ".join(map(str, values))
        for name, values in asdict(SearchSpace()).items()
    }
    assert dict(rows) == shown


@pytest.mark.parametrize("values", [3, [1, 3], "13"])
def test_a_range_is_a_tuple(values):
    with pytest.raises(InputError, match=r"search space: epochs is .*; give a tuple of values"):
        SearchSpace(epochs=values)


def test_a_setting_without_a_value():
    with pytest.raises(InputError, match="search space: optimizer has no value; give at least one"):
        SearchSpace(optimizer=())


def test_three_values_are_no_range():
    with pytest.raises(InputError, match=r"epochs is 1,2,3; give the lowest and the highest"):
        SearchSpace(epochs=(1, 2, 3))


def test_defaults_outside_the_space_become_the_nearest_values():
    space = SearchSpace(learning_rate=(1e-3, 1e-2), epochs=(3, 4), batch_size=(8, 16))
    nearest = space.nearest_to_defaults()
    assert nearest["learning_rate"] == 1e-3
    assert nearest["epochs"] == 3
    assert nearest["batch_size"] == 8
    assert nearest["weight_decay"] == 0.01
