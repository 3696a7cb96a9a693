"""The texts of a command line: arguments and a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from robustbert.errors import InputError


def add_texts(command: Any) -> None:
    """Add the arguments ``TEXT``, ``--file`` and ``--text-column``."""
    command.add_argument("texts", nargs="*", metavar="TEXT")
    command.add_argument(
        "--file",
        type=Path,
        help="a CSV, TSV, JSON Lines or Parquet file with a text column; any other file is UTF-8 "
        "with one text per line; - for standard input",
    )
    command.add_argument(
        "--text-column",
        metavar="NAME",
        help="name of the text column of --file; default: text",
    )


def read_texts(options: Any) -> list[str]:
    """The texts of the arguments, and those of the file.

    Raises:
        InputError: the file cannot be read, or a row of it has no text.
    """
    return [*options.texts, *texts_of_file(options.file, options.text_column)]


def texts_of_file(file: Path | None, column: str | None, *, option: str = "--file") -> list[str]:
    """The texts of a file: a column of a table, or the lines of any other file.

    Args:
        file: the file, or ``-`` for standard input; None for no texts.
        column: the text column; None for ``text``. Only tables have columns.
        option: the option that names the file, for messages.

    Raises:
        InputError: the file cannot be read, or a row of it has no text.
    """
    from robustbert.data.sources.columns import SUFFIXES

    if file is not None and file.suffix.lower() in SUFFIXES:
        return _column(file, column or "text")
    if column is not None:
        raise InputError(
            f"--text-column needs a {option} in one of the formats {', '.join(SUFFIXES)}"
        )
    return [] if file is None else _lines(file)


def _column(file: Path, column: str) -> list[str]:
    from robustbert.data.sources.columns import read_table

    if not file.exists():
        raise InputError(f"cannot read {file}: there is no such file; check the path")
    texts = read_table(file, (column,))[column]
    for number, text in enumerate(texts, start=1):
        if not isinstance(text, str) or not text.strip():
            raise InputError(
                f"{file}: row {number} has no text in the column {column!r}; remove the row"
            )
    return texts


def _lines(file: Path) -> list[str]:
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}; give a text file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 (byte {error.start}); convert it") from error
    # Not splitlines, which also splits at control characters that a text may contain.
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if lines == [""]:
        raise InputError(f"{file} is empty; give one text per line")
    return lines
