"""docs/records.md has the current table of every model of the schema, and no other field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from robustbert.metrics.reliability import CHECK_NAMES, MEASURED_CHECK_NAMES
from robustbert.records import Record
from robustbert.records.field_tables import INLINE, TABLES, field_table, update_tables
from robustbert.records.schema_json import json_schema

DOCUMENT = (Path(__file__).parents[2] / "docs" / "records.md").read_text(encoding="utf-8")
COMMAND = "python -m robustbert.records --tables docs/records.md"

# The text that precedes each model's table: a heading or the start of a paragraph.
PLACES = {
    "Outcome": "## Outcome",
    "Record": "## Record",
    "DefenseRef": "### `defenses`",
    "Counts": "### `counts`",
    "Metrics": "### `metrics`",
    "Metric": "The first three are proportions",
    "ReliabilityCheck": "### `reliability`",
    "Timing": "### `timing`",
    "Engine": "### `engine`",
    "WorkerRef": "`workers` has",
    "Environment": "### `environment`",
    "BatchInvariance": "`batch_invariance` says",
    "Baseline": "## Baseline",
    "BaselineCell": "### `cells`",
    "Acceptance": "### `acceptances`",
    "RowRecheck": "## Rechecks",
    "Calibration": "### `calibration`",
    "TriedTemperature": "`tried` has",
    "AdaptiveAttack": "### `adaptive`",
    "SecondAttack": "### `attack`",
}


def first_table(start: str) -> list[str]:
    """The lines of the first table after ``start``."""
    lines = DOCUMENT[DOCUMENT.index(f"\n{start}") + 1 :].splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("| "))
    end = next(i for i, line in enumerate(lines) if i > begin and not line.startswith("|"))
    return lines[begin:end]


def fields(table: list[str]) -> list[str]:
    """The names in the first column of a table."""
    return [line.split("|")[1].strip(" `") for line in table[2:]]


def test_every_model_has_a_table_and_a_description_for_each_field() -> None:
    assert set(PLACES) == set(TABLES)
    documented = {model.__name__ for model in (*TABLES.values(), *INLINE.values())}
    definitions = json_schema()["$defs"]
    assert documented == set(definitions)
    for name, definition in definitions.items():
        for field, schema in definition["properties"].items():
            assert schema.get("description"), f"{name}.{field}"
            assert "|" not in schema["description"], f"{name}.{field}"


@pytest.mark.parametrize("name", [name for name in TABLES if name != "Record"])
def test_every_field_is_in_its_table(name: str) -> None:
    assert fields(first_table(PLACES[name])) == list(TABLES[name].model_fields)


def test_every_field_of_a_record_is_in_its_table() -> None:
    expected: list[str] = []
    for field in Record.model_fields:
        inline = (
            [f"{field}.{part}" for part in INLINE[field].model_fields] if field in INLINE else []
        )
        expected += inline or [field]
    assert fields(first_table("## Record")) == expected


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_current(name: str) -> None:
    assert first_table(PLACES[name]) == field_table(name).splitlines(), f"run: {COMMAND}"


def test_the_document_is_current() -> None:
    assert update_tables(DOCUMENT) == DOCUMENT, f"run: {COMMAND}"


def test_an_old_table_is_replaced_and_the_prose_kept() -> None:
    old = "before\n<!-- fields of Engine -->\n| old |\n<!-- end of fields -->\nafter"
    new = update_tables(old)
    assert new.startswith("before\n<!-- fields of Engine -->\n| field | type | meaning |\n")
    assert "| `token_budget` | integer or null | maximum tokens per batch" in new
    assert new.endswith("|\n<!-- end of fields -->\nafter")


def test_every_check_is_explained() -> None:
    section = DOCUMENT[DOCUMENT.index("### `reliability`") : DOCUMENT.index("### `timing`")]
    rows = re.findall(r"^\| `([a-z-]+)` \| (?!string|number|boolean)", section, re.MULTILINE)
    assert tuple(rows) == CHECK_NAMES + MEASURED_CHECK_NAMES
