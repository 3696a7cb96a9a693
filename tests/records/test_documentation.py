"""docs/records.md has every field of the schema in its tables, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from robustbert.metrics.reliability import CHECK_NAMES
from robustbert.records import (
    AssetsRef,
    BatchInvariance,
    Counts,
    DatasetRef,
    Engine,
    Environment,
    Metrics,
    ModelRef,
    Outcome,
    Protocol,
    RecipeRef,
    Record,
    ReliabilityCheck,
    Timing,
)

DOCUMENT = (Path(__file__).parents[2] / "docs" / "records.md").read_text(encoding="utf-8")

# Objects whose fields stand in the table of the record itself, each as PART.FIELD.
INLINE: dict[str, type[BaseModel]] = {
    "dataset": DatasetRef,
    "model": ModelRef,
    "recipe": RecipeRef,
    "assets": AssetsRef,
    "protocol": Protocol,
}
# Those that have a table of their own, by the heading above it or its first words.
OWN: dict[str, type[BaseModel]] = {
    "### `counts`": Counts,
    "### `metrics`": Metrics,
    "### `reliability`": ReliabilityCheck,
    "### `timing`": Timing,
    "### `engine`": Engine,
    "### `environment`": Environment,
    "`batch_invariance` says": BatchInvariance,
    "## Outcome": Outcome,
}


def first_table(start: str) -> list[str]:
    """The names in the first column of the first table after ``start``, each on its own."""
    lines = DOCUMENT[DOCUMENT.index(f"\n{start}") + 1 :].splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("| "))
    names: list[str] = []
    for line in lines[begin:]:
        if not line.startswith("|"):
            break
        for name in re.findall(r"`([^`]+)`", line.split("|")[1]):
            parent = names[-1].rpartition(".")[0] if names else ""
            names.append(parent + name if name.startswith(".") else name)
    return names


@pytest.mark.parametrize("start", OWN)
def test_every_field_stands_in_its_table(start: str) -> None:
    assert sorted(first_table(start)) == sorted(OWN[start].model_fields)


def test_every_field_of_a_record_stands_in_its_table() -> None:
    wanted = [f"{part}.{field}" for part, model in INLINE.items() for field in model.model_fields]
    own = {start.strip("#` ") for start in OWN if start.startswith("###")}
    wanted += [name for name in Record.model_fields if name not in {*INLINE, *own}]
    assert sorted(first_table("## Record")) == sorted(wanted)


def test_every_check_is_explained() -> None:
    section = DOCUMENT[DOCUMENT.index("### `reliability`") : DOCUMENT.index("### `timing`")]
    rows = re.findall(r"^\| `([a-z-]+)` \| (?!string|number|boolean)", section, re.MULTILINE)
    assert tuple(rows) == CHECK_NAMES
