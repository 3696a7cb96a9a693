"""Columns of CSV, TSV, JSON Lines and Parquet files, with every fault named in one line."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from robustbert.errors import DatasetError


@dataclass(frozen=True)
class Table:
    """The columns that were asked for, a value a row.

    Attributes:
        columns: the values under each name.
        class_names: the names of a ``ClassLabel`` column, where the file keeps them.
    """

    columns: dict[str, list[Any]]
    class_names: dict[str, tuple[str, ...]]

    def __getitem__(self, name: str) -> list[Any]:
        """The values of the column ``name``."""
        return self.columns[name]


def read_table(path: Path, names: Sequence[str]) -> Table:
    """Read the columns ``names`` of a file, whose suffix says its format.

    Values of CSV and TSV files are text, as written; those of the others keep their types.

    Raises:
        DatasetError: no such file, another suffix, an unreadable, ragged or empty file, or a
            column that is not there (the message lists those that are).
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DatasetError(
            f"{path}: the suffix {path.suffix!r} is none of {', '.join(_READERS)}; "
            "save the rows in one of these formats"
        )
    try:
        if path.is_dir():
            raise DatasetError(f"{path} is a folder; name a file in it")
        if path.stat().st_size == 0:
            raise DatasetError(f"{path} is empty; it needs rows with {' and '.join(names)}")
        table = reader(path, names)
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file; check the path after 'file:'") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or one_line(error)
        raise DatasetError(f"{path} cannot be read: {why}; check the path and its rights") from None
    if not table[names[0]]:
        raise DatasetError(f"{path} holds no rows; it needs some with {' and '.join(names)}")
    return table


def check_columns(wanted: Sequence[str], there: Sequence[str], place: str) -> None:
    """Refuse a table that lacks a wanted column, or has it twice.

    Raises:
        DatasetError: with the columns that are there and how to name others.
    """
    for name in wanted:
        if name not in there:
            raise DatasetError(
                f"{place} has no column {name!r}; it has {', '.join(map(repr, there)) or 'none'}; "
                "name the columns of the text and the label"
            )
        if list(there).count(name) > 1:
            raise DatasetError(f"{place} has two columns {name!r}; rename one of them")


def _read_separated(path: Path, names: Sequence[str], delimiter: str) -> Table:
    # Not the csv module: in Python 3.10 it refuses NUL, and it takes ragged rows without a word.
    import pyarrow as pa
    from pyarrow import csv

    # One block for the whole file: a row must not be longer than a block.
    block_size = min(path.stat().st_size + 1, 2**31 - 1)
    try:
        table = csv.read_csv(
            path,
            read_options=csv.ReadOptions(block_size=block_size),
            parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=csv.ConvertOptions(column_types={name: pa.string() for name in names}),
        )
    except pa.ArrowInvalid as error:
        raise _unreadable(path, error) from None
    check_columns(names, table.schema.names, str(path))
    return Table({name: table.column(name).to_pylist() for name in names}, {})


def _read_json_lines(path: Path, names: Sequence[str]) -> Table:
    columns: dict[str, list[Any]] = {name: [] for name in names}
    # Split by hand: str.splitlines would also cut at U+2028 and others, legal inside JSON strings.
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            row = json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise DatasetError(
                f"{place}: no JSON object in UTF-8 ({one_line(error)}); write one object a line"
            ) from None
        if not isinstance(row, dict):
            raise DatasetError(f"{place}: no JSON object; write one object a line")
        check_columns(names, list(row), place)
        for name in names:
            columns[name].append(row[name])
    return Table(columns, {})


def _read_parquet(path: Path, names: Sequence[str]) -> Table:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        there = parquet.read_schema(path).names
        check_columns(names, there, str(path))
        table = parquet.read_table(path, columns=list(names), partitioning=None)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise _unreadable(path, error) from None
    columns = {name: table.column(name).to_pylist() for name in names}
    return Table(columns, _class_names(table.schema))


def _class_names(schema: Any) -> dict[str, tuple[str, ...]]:
    """The label names that ``datasets`` writes beside a ``ClassLabel`` column."""
    if b"huggingface" not in (schema.metadata or {}):
        return {}
    import datasets

    features = datasets.Features.from_arrow_schema(schema)
    return {
        name: tuple(feature.names)
        for name, feature in features.items()
        if isinstance(feature, datasets.ClassLabel)
    }


def _unreadable(path: Path, error: Exception) -> DatasetError:
    return DatasetError(
        f"{path} cannot be read as {path.suffix}: {one_line(error)}; mend or export it again"
    )


def one_line(error: Exception, width: int = 160) -> str:
    """The first line of an error's message, at most ``width`` characters, all printable."""
    line = (str(error).splitlines() or [type(error).__name__])[0][:width]
    return "".join(letter if letter.isprintable() else " " for letter in line)


_READERS: MappingProxyType[str, Callable[[Path, Sequence[str]], Table]] = MappingProxyType(
    {
        ".csv": lambda path, names: _read_separated(path, names, ","),
        ".tsv": lambda path, names: _read_separated(path, names, "\t"),
        ".jsonl": _read_json_lines,
        ".parquet": _read_parquet,
    }
)

SUFFIXES = tuple(_READERS)
"""The suffixes of the formats that can be read."""
