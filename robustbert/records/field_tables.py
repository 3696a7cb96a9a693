"""The tables of ``docs/records.md``, generated from the descriptions in the schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from robustbert.records.baseline import Acceptance, Baseline, BaselineCell
from robustbert.records.measures import Counts, Metric, Metrics, ReliabilityCheck
from robustbert.records.outcome import Outcome
from robustbert.records.provenance import (
    BatchInvariance,
    Engine,
    Environment,
    Timing,
    WorkerRef,
)
from robustbert.records.references import (
    AssetsRef,
    DatasetRef,
    DefenseRef,
    ModelRef,
    Protocol,
    RecipeRef,
)
from robustbert.records.row_recheck import (
    AdaptiveAttack,
    Calibration,
    RowRecheck,
    SecondAttack,
    TriedTemperature,
)
from robustbert.records.schema import Record
from robustbert.records.schema_json import json_schema

TABLES: Mapping[str, type[BaseModel]] = MappingProxyType(
    {
        model.__name__: model
        for model in (
            *(Outcome, Record, DefenseRef, Counts, Metrics, Metric, ReliabilityCheck),
            *(Timing, Engine, WorkerRef, Environment, BatchInvariance),
            *(Baseline, BaselineCell, Acceptance),
            *(RowRecheck, Calibration, TriedTemperature, AdaptiveAttack, SecondAttack),
        )
    }
)
"""The models that have a table of their own."""

INLINE: Mapping[str, type[BaseModel]] = MappingProxyType(
    {
        "dataset": DatasetRef,
        "model": ModelRef,
        "recipe": RecipeRef,
        "assets": AssetsRef,
        "protocol": Protocol,
    }
)
"""The parts of a record whose fields are in the record's own table, as ``part.field``."""

_PATTERNS = MappingProxyType(
    {
        r"^[0-9a-f]{64}$": "64 hex digits",
        r"^[0-9a-f]{8}$": "8 hex digits",
    }
)


def update_tables(document: str) -> str:
    """Replace every table between markers in ``document`` with the current one.

    A table is between ``<!-- fields of MODEL -->`` and ``<!-- end of fields -->``.
    """
    return replace_tables(document, "fields", field_table)


def replace_tables(document: str, what: str, table: Callable[[str], str]) -> str:
    """Replace every part between ``<!-- WHAT of NAME -->`` and ``<!-- end of WHAT -->``.

    Args:
        document: the document.
        what: the word in the markers.
        table: makes the new part, given the name.
    """
    marked = re.compile(rf"(<!-- {what} of (\w+) -->\n).*?(<!-- end of {what} -->)", re.DOTALL)
    return marked.sub(lambda match: match[1] + table(match[2]) + match[3], document)


def field_table(name: str) -> str:
    """The table of one model in Markdown: name, type and description of each field.

    Args:
        name: a name in :data:`TABLES`.
    """
    return _table(_rows(name))


def table_of_properties(properties: Mapping[str, Any]) -> str:
    """The table of a model, given the properties of its JSON Schema."""
    return _table(
        (field, _type(schema), schema["description"]) for field, schema in properties.items()
    )


def _table(rows: Iterable[tuple[str, str, str]]) -> str:
    lines = ["| field | type | meaning |", "| --- | --- | --- |"]
    lines += [f"| `{field}` | {kind} | {meaning} |" for field, kind, meaning in rows]
    return "\n".join(lines) + "\n"


def _rows(name: str) -> Iterator[tuple[str, str, str]]:
    definitions = json_schema()["$defs"]
    for field, schema in definitions[name]["properties"].items():
        if name == "Record" and field in INLINE:
            part = definitions[INLINE[field].__name__]["properties"]
            yield from (
                (f"{field}.{one}", _type(of), of["description"]) for one, of in part.items()
            )
        else:
            yield field, _type(schema), schema["description"]


def _type(schema: Mapping[str, Any]) -> str:
    """The type of a field in words, from its JSON Schema."""
    if "anyOf" in schema:
        return _either([_type(option) for option in schema["anyOf"]])
    if "pattern" in schema:
        return _PATTERNS.get(schema["pattern"], "string")
    if "enum" in schema:
        return _either([f"`{value}`" for value in schema["enum"]])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}s"
    return str(schema.get("type", "object"))


def _either(words: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
