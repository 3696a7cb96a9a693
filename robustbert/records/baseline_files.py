"""Reading and writing baselines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from robustbert.io import write_bytes
from robustbert.records.baseline import BASELINE_VERSION, Baseline
from robustbert.records.strict_json import (
    check_version,
    encode,
    parse_object,
    read_file,
    record_of,
    validated,
)


def read_baseline(path: Path) -> Baseline:
    """Read a baseline; records of an earlier schema version are migrated to the current one.

    Raises:
        RecordError: the file is missing or not a baseline; the message names the field.
    """
    return parse_baseline(read_file(Path(path)), str(path))


def parse_baseline(content: bytes, place: str) -> Baseline:
    """Parse the content of a baseline file; ``place`` starts the message of an error.

    Raises:
        RecordError: it is not a baseline; the message names the field.
    """
    parsed = parse_object(content, place)
    check_version(parsed, "baseline_version", BASELINE_VERSION, place)
    cells = parsed.get("cells")
    if isinstance(cells, list):
        parsed["cells"] = [
            _with_record(cell, f"{place}: cells.{i}") for i, cell in enumerate(cells)
        ]
    return validated(Baseline, parsed, place)


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Write a baseline atomically, with one line per cell, so that changes are easy to review.

    Raises:
        OutputError: the file cannot be written.
    """
    write_bytes(Path(path), baseline_bytes(baseline))


def baseline_bytes(baseline: Baseline) -> bytes:
    """The content of a baseline's file."""
    head: dict[str, Any] = baseline.model_dump(include={"baseline_version", "created_at"})
    parts = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
    parts.append(_lines("acceptances", [_encoded(one) for one in baseline.acceptances], "[]"))
    ids = [f"{json.dumps(name)}: {json.dumps(ids)}" for name, ids in baseline.example_ids.items()]
    parts.append(_lines("example_ids", ids, "{}"))
    parts.append(_lines("cells", [_encoded(cell) for cell in baseline.cells], "[]"))
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def _with_record(cell: Any, place: str) -> Any:
    """A cell of a parsed baseline, with its record migrated to the current version."""
    if isinstance(cell, dict) and isinstance(cell.get("record"), dict):
        return {**cell, "record": record_of(cell["record"], f"{place}.record")}
    return cell


def _encoded(model: Any) -> str:
    return encode(model, sort_keys=True).decode().rstrip("\n")


def _lines(name: str, items: list[str], brackets: str) -> str:
    inner = ",".join(f"\n  {item}" for item in items)
    return f" {json.dumps(name)}: {brackets[0]}{inner}{brackets[1]}"
