"""Converting the values of a label column to class indices and names."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.errors import DatasetError

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.0+)?")


@dataclass(frozen=True)
class Labels:
    """One index into ``names`` per row."""

    indices: tuple[int, ...]
    names: tuple[str, ...]


def encode_labels(values: Sequence[object], source: str) -> Labels:
    """Convert the values of a label column to class indices.

    If all values are whole numbers, the classes are sorted numerically and named by their values.
    Strings such as ``"1"`` and ``"1.0"`` count as whole numbers (pandas writes ``1.0`` in columns
    with missing values). Otherwise, the classes are sorted alphabetically and named by their texts.

    Args:
        values: the column's values, one per row.
        source: the file or dataset, for messages.

    Raises:
        DatasetError: a row has no label or an invalid one, or there are fewer than two classes.

    >>> encode_labels(["10", "9", "10"], "a file")
    Labels(indices=(1, 0, 1), names=('9', '10'))
    """
    written = [_as_text(value, source, number) for number, value in enumerate(values, start=1)]
    distinct = set(written)
    if all(_WHOLE_NUMBER.fullmatch(text) for text in distinct):
        numbers = {text: int(text.partition(".")[0]) for text in distinct}
        names = [str(number) for number in sorted(set(numbers.values()))]
        name_of = {text: str(number) for text, number in numbers.items()}
    else:
        names = sorted(distinct)
        name_of = {text: text for text in distinct}
    if len(names) < 2:
        raise DatasetError(
            f"{source} has only one class, {names[0]!r}; a classifier needs at least two classes"
        )
    index_of = {name: index for index, name in enumerate(names)}
    return Labels(tuple(index_of[name_of[text]] for text in written), tuple(names))


def named_labels(values: Sequence[object], names: Sequence[str], source: str) -> Labels:
    """Check a column of indices into known names (a ``ClassLabel``).

    Raises:
        DatasetError: a value is not such an index, or fewer than two classes occur.
    """
    indices = []
    for number, value in enumerate(values, start=1):
        if type(value) is not int or not 0 <= value < len(names):
            raise DatasetError(
                f"{source}: row {number} has the label {value!r}, which is not in the range "
                f"0 to {len(names) - 1}; correct it, or drop the row if it is unlabelled"
            )
        indices.append(value)
    if len(set(indices)) == 1:
        raise DatasetError(
            f"{source} has only one class, {names[indices[0]]!r}; a classifier needs at least "
            "two classes"
        )
    return Labels(tuple(indices), tuple(names))


def _as_text(value: object, source: str, number: int) -> str:
    if isinstance(value, str) and value.strip():
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise DatasetError(
                f"{source}: row {number} has a label with a lone surrogate, which is not a "
                "valid character; save the labels as UTF-8"
            )
        return value.strip()
    if isinstance(value, (bool, int)):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if value is None or isinstance(value, str) or (isinstance(value, float) and math.isnan(value)):
        raise DatasetError(f"{source}: row {number} has no label; give it one or drop the row")
    raise DatasetError(
        f"{source}: row {number} has the invalid label {str(value)[:40]!r}; labels must be whole "
        "numbers or names"
    )
