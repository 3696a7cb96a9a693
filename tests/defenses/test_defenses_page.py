from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from robustbert.defenses import DEFENSES, make_defense

PAGE = (Path(__file__).parents[2] / "docs/defenses.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([\w+-]+)` \| `(.*?)` \| (.*) \|$", PAGE, flags=re.MULTILINE)


@pytest.mark.parametrize(("name", "parameters", "paper"), ROWS)
def test_the_table_states_defaults_and_papers(name, parameters, paper):
    defense = make_defense(name, {})
    assert tomllib.loads(f"row = {{ {parameters} }}")["row"] == {
        key: value for key, value in defense.params().items() if value is not None
    }
    assert paper in defense.paper.split("; ")


def test_the_table_is_found():
    assert sorted(name for name, _, _ in ROWS) == sorted(
        entry.name for entry in DEFENSES.built_in()
    )
