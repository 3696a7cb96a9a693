"""Records as JSON files, outcomes as JSON lines: ``records/CELL.json``, ``outcomes/CELL.jsonl``.

Files of every schema version can be read; new files are written in the current one.

Files are UTF-8 and written atomically. Before a line is appended, an incomplete last line of a
killed run is removed. Lone surrogates, which UTF-8 cannot encode, are stored as JSON escapes and
read back unchanged.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustbert.errors import RecordError
from robustbert.io import output_errors, write_bytes
from robustbert.records.migrations import OUTCOME_MIGRATIONS, outcome_version
from robustbert.records.names import cell_name, replicate_seed
from robustbert.records.schema import DefenseRef, Outcome, Record
from robustbert.records.strict_json import (
    encode,
    migrated,
    parse_object,
    read_file,
    record_of,
    validated,
)


@dataclass(frozen=True)
class Run:
    """The content of an ``--out`` folder.

    Args:
        records: one per cell, in the order of their file names.
        outcomes: the outcomes of each cell that has them, keyed by :func:`record_name`.
    """

    records: tuple[Record, ...]
    outcomes: Mapping[str, tuple[Outcome, ...]]


def record_name(record: Record) -> str:
    """The :func:`cell_name` of a record."""
    return cell_name(
        record.dataset.name,
        record.model.name,
        defense_names(record.defenses),
        record.track,
        record.recipe.name,
        training_seed=replicate_seed(record.training_seed, record.protocol.seed),
        variant=record.model.variant,
        adaptive=bool(record.protocol.adaptive),
    )


def defense_names(defenses: Iterable[DefenseRef]) -> str | None:
    """The names of defenses, joined by `` + `` in the order of application; None if empty."""
    return " + ".join(defense.name for defense in defenses) or None


def record_path(out: Path, name: str) -> Path:
    """The path of the record of the cell ``name`` in the folder ``out``."""
    return Path(out) / "records" / f"{name}.json"


def outcomes_path(out: Path, name: str) -> Path:
    """The path of the outcomes of the cell ``name`` in the folder ``out``."""
    return Path(out) / "outcomes" / f"{name}.jsonl"


def without_texts(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """Copies of outcomes without texts, to publish where the data must not be redistributed."""
    return tuple(
        outcome.model_copy(update={"text": None, "adversarial_text": None}) for outcome in outcomes
    )


def write_record(record: Record, path: Path) -> None:
    """Write a record atomically: indented, keys sorted, one newline at the end.

    Raises:
        OutputError: the file cannot be written.
    """
    write_bytes(path, record_bytes(record))


def record_bytes(record: Record) -> bytes:
    """The content of the file of a record."""
    return encode(record, indent=2, sort_keys=True)


def write_outcomes(outcomes: Iterable[Outcome], path: Path) -> None:
    """Write a file of outcomes atomically, one line per outcome.

    Raises:
        OutputError: the file cannot be written.
    """
    write_bytes(path, outcomes_bytes(outcomes))


def outcomes_bytes(outcomes: Iterable[Outcome]) -> bytes:
    """The content of a file of outcomes."""
    return b"".join(encode(outcome) for outcome in outcomes)


def append_outcome(outcome: Outcome, path: Path) -> None:
    """Append one outcome to a file, which is created if necessary.

    Raises:
        OutputError: the file cannot be written.
    """
    path = Path(path)
    with output_errors(str(path), "choose another folder"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            _repair_last_line(file)
            file.write(encode(outcome))


def read_record(path: Path) -> Record:
    """Read one record; an earlier schema version is migrated to the current one.

    Raises:
        RecordError: the file is missing or not JSON, has a newer schema version, or a field
            violates the schema; the message names the file and the field.
    """
    path = Path(path)
    return record_of(parse_object(read_file(path), str(path)), str(path))


def read_records(folder: Path) -> tuple[Record, ...]:
    """Read every ``*.json`` of a folder, in the order of their names.

    Raises:
        RecordError: there is no such folder, or a file is not a record.
    """
    return tuple(_records_by_file(Path(folder)).values())


def _records_by_file(folder: Path) -> dict[str, Record]:
    """The records of a folder, keyed by file name without extension, in order."""
    if not folder.is_dir():
        raise RecordError(f"{folder}: no such folder; give the folder that contains the records")
    return {path.stem: read_record(path) for path in sorted(folder.glob("*.json"))}


def read_outcomes(path: Path, *, unfinished: bool = False) -> tuple[Outcome, ...]:
    """Read a file of outcomes; an earlier schema version is migrated to the current one.

    Args:
        path: a file of JSON lines.
        unfinished: ignore an incomplete last line, which a killed run leaves; for resuming.

    Raises:
        RecordError: the file is missing, a line is not an outcome, or an example occurs twice; the
            message names the file, the line and the field.
    """
    return parse_outcomes(read_file(Path(path)), str(path), unfinished=unfinished)


def parse_outcomes(content: bytes, place: str, *, unfinished: bool = False) -> tuple[Outcome, ...]:
    """The outcomes in the content of a file; see :func:`read_outcomes`.

    Args:
        content: JSON lines.
        place: what error messages start with.
        unfinished: ignore an incomplete last line.

    Raises:
        RecordError: a line is not an outcome, or an example occurs twice.
    """
    *lines, tail = content.split(b"\n")
    if tail and not (unfinished and _is_incomplete(tail)):
        lines.append(tail)
    outcomes: dict[str, Outcome] = {}
    for number, line in enumerate(lines, start=1):
        of_line = f"{place}: line {number}"
        outcome = parse_outcome(line, of_line)
        if outcome.example_id in outcomes:
            raise RecordError(f"{of_line}: example_id: duplicate {outcome.example_id!r}")
        outcomes[outcome.example_id] = outcome
    return tuple(outcomes.values())


def parse_outcome(line: bytes, place: str) -> Outcome:
    """The outcome in one line of a file; ``place`` starts the message of an error.

    Raises:
        RecordError: it is no outcome.
    """
    parsed = parse_object(line, place)
    parsed = migrated(parsed, outcome_version(parsed), OUTCOME_MIGRATIONS, place)
    return validated(Outcome, parsed, place)


def read_run(out: Path) -> Run:
    """Read the records and outcomes of an ``--out`` folder; cells may have no outcomes.

    Raises:
        RecordError: there are no records, or a file violates the schema.
    """
    # find outcomes by the record's file name, which an earlier version may have formed differently
    records = _records_by_file(Path(out) / "records")
    paths = {record_name(record): outcomes_path(out, stem) for stem, record in records.items()}
    outcomes = {name: read_outcomes(path) for name, path in paths.items() if path.exists()}
    return Run(tuple(records.values()), outcomes)


def _is_incomplete(line: bytes) -> bool:
    try:
        json.loads(line.decode("utf-8"))
    except ValueError:
        return True
    return False


def _repair_last_line(file: Any) -> None:
    size = file.seek(0, os.SEEK_END)
    if not size:
        return
    file.seek(size - 1)
    if file.read(1) == b"\n":
        return
    file.seek(0)
    tail = file.read().rpartition(b"\n")[2]
    if _is_incomplete(tail):
        file.truncate(size - len(tail))
    else:
        file.write(b"\n")
