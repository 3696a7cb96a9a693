"""Reading columns of CSV, TSV, JSON Lines and Parquet files; every error is one line."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from robustbert.errors import DatasetError

#: The byte order marks at the start of UTF-16 files, as spreadsheets export them.
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Table:
    """The requested columns, one value per row.

    Attributes:
        columns: the values of each column.
        class_names: the label names of each ``ClassLabel`` column, if the file contains them.
    """

    columns: dict[str, list[Any]]
    class_names: dict[str, tuple[str, ...]]

    def __getitem__(self, name: str) -> list[Any]:
        """The values of the column ``name``."""
        return self.columns[name]


def read_table(path: Path, names: Sequence[str]) -> Table:
    """Read the columns ``names`` of a file; its suffix determines the format.

    Values of CSV and TSV files are strings, as written; those of other formats keep their types.

    Raises:
        DatasetError: there is no such file, the suffix is unknown, the file is unreadable, ragged
            or empty, or a column is missing (the message lists those that exist).
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DatasetError(
            f"{path}: the suffix {path.suffix!r} is not supported; "
            f"save the rows as one of {', '.join(_READERS)}"
        )
    try:
        if path.is_dir():
            raise DatasetError(f"{path} is a folder; name a file in it")
        if path.stat().st_size == 0:
            raise DatasetError(f"{path} is empty; it needs rows with the {_listed(names)}")
        table = reader(path, names)
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file; check the path") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or one_line(error)
        raise DatasetError(
            f"{path} cannot be read: {why}; check the path and its permissions"
        ) from None
    if not table[names[0]]:
        raise DatasetError(f"{path} has no rows; it needs rows with the {_listed(names)}")
    return table


def _listed(names: Sequence[str]) -> str:
    return f"column{'s' if len(names) > 1 else ''} {' and '.join(names)}"


def check_columns(required: Sequence[str], available: Sequence[str], source: str) -> None:
    """Check that each required column exists once.

    Raises:
        DatasetError: a column is missing, or exists twice; the message lists those that exist.
    """
    for name in required:
        if name not in available:
            existing = ", ".join(map(repr, available)) or "none"
            fix = "name the column with --text-column"  # only the texts are read
            if len(required) > 1:
                fix = (
                    "name the columns with --text-column and --label-column (in a suite and in "
                    "Python: text_column and label_column)"
                )
            raise DatasetError(f"{source} has no column {name!r}; it has {existing}; {fix}")
        if list(available).count(name) > 1:
            raise DatasetError(f"{source} has two columns {name!r}; rename one of them")


def _read_separated(path: Path, names: Sequence[str], delimiter: str) -> Table:
    # Not the csv module: it silently accepts rows with the wrong number of fields.
    import pyarrow as pa
    from pyarrow import csv

    with path.open("rb") as file:
        if file.read(2) in _UTF16_MARKS:
            raise DatasetError(f"{path} is UTF-16; save it as UTF-8")
    # One block for the whole file: a row must not be longer than a block.
    block_size = min(path.stat().st_size + 1, 2**31 - 1)
    try:
        table = csv.read_csv(
            path,
            # Without threads, an error names the row.
            read_options=csv.ReadOptions(block_size=block_size, use_threads=False),
            parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=csv.ConvertOptions(column_types={name: pa.string() for name in names}),
        )
        columns = table.schema.names
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        if isinstance(error, UnicodeDecodeError) or "invalid UTF8" in str(error):
            raise DatasetError(f"{path} is not UTF-8; save it as UTF-8") from None
        raise _unreadable(path, error) from None
    check_columns(names, columns, str(path))
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
                f"{place}: not a JSON object in UTF-8 ({one_line(error)}); write one per line"
            ) from None
        if not isinstance(row, dict):
            raise DatasetError(f"{place}: not a JSON object; write one object per line")
        check_columns(names, list(row), place)
        for name in names:
            columns[name].append(row[name])
    return Table(columns, {})


def _read_parquet(path: Path, names: Sequence[str]) -> Table:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        check_columns(names, parquet.read_schema(path).names, str(path))
        table = parquet.read_table(path, columns=list(names), partitioning=None)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise _unreadable(path, error) from None
    columns = {name: table.column(name).to_pylist() for name in names}
    return Table(columns, _class_names(table.schema))


def _class_names(schema: Any) -> dict[str, tuple[str, ...]]:
    """The label names that ``datasets`` stores with a ``ClassLabel`` column."""
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
        f"{path} cannot be read as {path.suffix}: {one_line(error)}; fix it or export it again"
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
"""The suffixes of the supported formats."""
