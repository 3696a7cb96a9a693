"""What a source contains before its labels are encoded: texts and label values per split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from robustbert.errors import DatasetError


@dataclass(frozen=True)
class Part:
    """The rows of one file, of one split on the hub, or of one object.

    Attributes:
        place: what error messages call it; may contain a local path.
        texts: one per row; None for a row without a text.
        values: one value of the label column per row.
        class_names: the names that the values are indices of (a ``ClassLabel``); None if the values
            themselves are the labels.
    """

    place: str
    texts: Sequence[str | None]
    values: Sequence[object]
    class_names: tuple[str, ...] | None = None


@dataclass(frozen=True)
class SourceParts:
    """The parts of a source.

    Attributes:
        name: the name of the dataset in tables, unless another one is given.
        source: where the rows come from, for records; without local folders.
        parts: keyed by split; only ``"all"`` if the rows are not split yet.
        separate: whether the splits are separate files or objects, which are kept as they are.
    """

    name: str
    source: str
    parts: Mapping[str, Part]
    separate: bool = False


def check_texts(texts: Sequence[Any], place: str, column: str | None) -> None:
    """Check that each text is a string that can be encoded, or None.

    Args:
        texts: the texts.
        place: what the message calls their source.
        column: the name of their column; None if it has no name.

    Raises:
        DatasetError: the first text that is not; the message has the number of its row.
    """
    for number, text in enumerate(texts, start=1):
        if text is None:
            continue
        if not isinstance(text, str):
            kind = type(text).__name__
            if column is None:
                raise DatasetError(f"{place}: text {number} is of type {kind}; give strings")
            raise DatasetError(
                f"{place}: row {number} of the column {column!r} contains {kind}, not text; name "
                "the column of the texts (--text-column, or text_column in a suite and in Python), "
                "or write them as strings"
            )
        if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
            raise DatasetError(
                f"{place}: the text of row {number} contains a lone surrogate, which is not a "
                "valid character; save the texts as UTF-8"
            )
