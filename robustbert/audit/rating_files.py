"""Read the answers of raters from CSV files; every line is checked."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from robustbert.audit.audit_key import AuditKey
from robustbert.audit.rating_questions import (
    COLUMNS,
    ITEM,
    RATER,
    AnswerReader,
    Answers,
    quoted,
    rater_name,
)
from robustbert.errors import InputError
from robustbert.reports.wording import listed

_DELIMITERS = (",", ";", "\t")
_LINE_END = re.compile(r"[\r\n]")


@dataclass(frozen=True)
class Rating:
    """What one rater says about one item.

    Args:
        rater: the name or code of the rater.
        item: the id of the item.
        answers: at least one of them is not missing.
    """

    rater: str
    item: str
    answers: Answers


@dataclass(frozen=True)
class _Line:
    """A line of a file.

    Args:
        place: the file and the number of the line, for messages.
        cells: keyed by column.
    """

    place: str
    cells: dict[str, str]


def read_ratings(paths: Sequence[Path], key: AuditKey) -> tuple[Rating, ...]:
    """Read the answers of one or more raters.

    Files are CSV in UTF-8, as the page saves them, or as a spreadsheet does (with commas,
    semicolons or tabs). Columns other than those of the questions are ignored, and so are lines
    without an answer. A line without a rater belongs to the only one that its file names.

    Args:
        paths: the files, at least one.
        key: the key of the audit.

    Raises:
        InputError: a file cannot be read, has no answers, lacks a column, or has a line with an
            unknown item, an unknown answer, no rater, or an item that the same rater has already
            answered; the message names the file and the line.
    """
    items = {item.id for item in key.items}
    reader = AnswerReader(key.label_names)
    ratings: list[Rating] = []
    places: dict[tuple[str, str], str] = {}
    for path in paths:
        found = list(_ratings(path, items, reader))
        if not found:
            raise InputError(f"{path} has no answers; give a file that a rater has filled in")
        for place, rating in found:
            answered = (rating.rater.casefold(), rating.item)
            other = places.setdefault(answered, place)
            if other is not place:
                raise InputError(
                    f"{place}: {quoted(rating.rater)} has already answered the item {rating.item} "
                    f"({other}); remove one of the lines, or give each rater another name"
                )
            ratings.append(rating)
    return tuple(ratings)


def _ratings(path: Path, items: set[str], reader: AnswerReader) -> Iterator[tuple[str, Rating]]:
    """The ratings of a file, with their places."""
    lines = list(_lines(path))
    raters = list(dict.fromkeys(filter(None, (rater_name(one.cells[RATER]) for one in lines))))
    for line in lines:
        item = line.cells[ITEM].strip()
        try:
            answers = reader.read(line.cells)
        except InputError as error:
            raise InputError(f"{line.place}: {error}") from error
        if item not in items:
            raise InputError(
                f"{line.place}: unknown item {quoted(item)}; give answers to this audit, and "
                f"leave the column {ITEM} as it is"
            )
        if all(value is None for value in answers.values):
            continue
        yield line.place, Rating(_rater(line, raters), item, answers)


def _rater(line: _Line, raters: Sequence[str]) -> str:
    """The rater of a line, or the only one of its file."""
    named = rater_name(line.cells[RATER])
    if named:
        return named
    if len(raters) == 1:
        return raters[0]
    several = f"the file names {listed(list(map(quoted, raters)))}; " if raters else ""
    raise InputError(
        f"{line.place}: no rater; {several}write a name or a code into the column {RATER}"
    )


def _lines(path: Path) -> Iterator[_Line]:
    """The lines of a file below its header."""
    text = _read(path)
    start = 1  # a quoted cell can have several lines
    try:
        delimiter, columns = _header(_LINE_END.split(text, maxsplit=1)[0], path)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        next(rows)  # the header
        start = rows.line_num + 1
        for cells in rows:
            if len(cells) > len(columns):
                raise InputError(
                    f"{path}: line {start}: {len(cells)} cells for {len(columns)} columns; quote "
                    "texts with delimiters, or save the file again as CSV"
                )
            filled = [*cells, *[""] * (len(columns) - len(cells))]
            by_column = dict(zip(columns, filled, strict=True))
            if any(map(str.strip, filled)):
                yield _Line(f"{path}: line {start}", {name: by_column[name] for name in COLUMNS})
            start = rows.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path}: line {start}: no valid CSV: {error}") from error


def _header(line: str, path: Path) -> tuple[str, list[str]]:
    """The delimiter of a file and its columns."""
    found = {
        delimiter: [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
        for delimiter in _DELIMITERS
    }
    delimiter, columns = max(found.items(), key=lambda pair: len(set(COLUMNS) & set(pair[1])))
    missing = [column for column in COLUMNS if column not in columns]
    if missing:
        raise InputError(
            f"{path}: line 1: no column {missing[0]}; a file of answers has the columns "
            f"{listed(COLUMNS)}"
        )
    twice = [column for column in COLUMNS if columns.count(column) > 1]
    if twice:
        raise InputError(f"{path}: line 1: the column {twice[0]} occurs twice; remove one")
    return delimiter, columns


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8; save it as CSV in UTF-8") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
