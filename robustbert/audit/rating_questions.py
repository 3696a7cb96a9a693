"""The questions that raters answer, and how answers are written."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from robustbert.console import printable
from robustbert.errors import InputError
from robustbert.reports.escape import shorten, spreadsheet

_Value = TypeVar("_Value")
_LONGEST_QUOTE = 60

#: The two texts of an item.
SIDES: tuple[Literal["first", "second"], ...] = ("first", "second")
SAME_MEANING = "same_meaning"
MEANINGS = ("yes", "no", "unsure")
#: From not fluent to fluent.
FLUENCIES = (1, 2, 3, 4, 5)
ITEM, RATER = "item", "rater"


def label_column(side: str) -> str:
    """The column of the label of a text."""
    return f"{side}_label"


def fluency_column(side: str) -> str:
    """The column of the fluency of a text."""
    return f"{side}_fluency"


#: The columns of the answers, in order.
ANSWERS = (SAME_MEANING, *map(label_column, SIDES), *map(fluency_column, SIDES))
#: The columns of a file with answers.
COLUMNS = (ITEM, *ANSWERS, RATER)


@dataclass(frozen=True)
class Answers:
    """The answers of a rater to the questions about one item; None is missing.

    Args:
        same_meaning: one of :data:`MEANINGS`.
        labels: the class of the first and the second text.
        fluencies: the fluency of the first and the second text, one of :data:`FLUENCIES`.
    """

    same_meaning: str | None
    labels: tuple[int | None, int | None]
    fluencies: tuple[int | None, int | None]

    @property
    def values(self) -> tuple[str | int | None, ...]:
        """The answers in the order of :data:`ANSWERS`."""
        return (self.same_meaning, *self.labels, *self.fluencies)


class AnswerReader:
    """Reads answers; letter case and space around an answer do not matter.

    Args:
        label_names: the name of each class.
    """

    def __init__(self, label_names: Sequence[str]) -> None:
        self._shown = shown_labels(label_names)
        self._labels = {_folded(name): label for label, name in enumerate(self._shown)}

    def read(self, cells: dict[str, str]) -> Answers:
        """Read the cells of one line, keyed by column.

        Raises:
            InputError: an answer is not one of those that the question has.
        """
        first_label, second_label = (self._label(label_column(side), cells) for side in SIDES)
        first, second = (self._fluency(fluency_column(side), cells) for side in SIDES)
        return Answers(self._meaning(cells), (first_label, second_label), (first, second))

    def _meaning(self, cells: dict[str, str]) -> str | None:
        known = {meaning: meaning for meaning in MEANINGS}
        return _answer(SAME_MEANING, cells, known.get, MEANINGS)

    def _label(self, column: str, cells: dict[str, str]) -> int | None:
        return _answer(column, cells, self._labels.get, self._shown)

    def _fluency(self, column: str, cells: dict[str, str]) -> int | None:
        known = {str(number): number for number in FLUENCIES}
        return _answer(column, cells, known.get, tuple(known))


def shown_labels(label_names: Sequence[str]) -> tuple[str, ...]:
    """The names of the classes as raters read and write them.

    Characters that cannot be printed are escapes. If names cannot be told apart, each is followed
    by the number of its class.
    """
    shown = [printable(name) for name in label_names]
    keys = set(map(_folded, shown))
    if len(keys) == len(shown) and "" not in keys:
        return tuple(shown)
    return tuple(f"{name} (class {label})" for label, name in enumerate(shown))


def quoted(text: str) -> str:
    """A text from a file for a message: printable, not too long, in quotes."""
    return f"'{shorten(printable(text), _LONGEST_QUOTE)}'"


def rater_name(cell: str) -> str:
    """The name of a rater without what protects spreadsheets from formulas."""
    return _unguarded(cell.strip())


def _answer(
    column: str,
    cells: dict[str, str],
    known: Callable[[str], _Value | None],
    allowed: Sequence[str],
) -> _Value | None:
    text = cells[column].strip()
    if not text:
        return None
    found = known(_folded(text))
    if found is None:
        raise InputError(
            f"{column}: {quoted(text)} is no answer; give {', '.join(allowed)}, or nothing"
        )
    return found


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", _unguarded(text.strip())).strip().casefold()


def _unguarded(text: str) -> str:
    """The text without the apostrophe that :func:`spreadsheet` has added."""
    return text[1:] if text.startswith("'") and spreadsheet(text[1:]) == text else text
