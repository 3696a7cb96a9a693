"""Datasets in memory: pandas frames, ``datasets.Dataset`` and pairs of texts and labels."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from robustbert.data.sources.columns import check_columns
from robustbert.data.sources.parts import Part, check_texts
from robustbert.errors import DatasetError

_EXPECTED = (
    "give a name, a pandas.DataFrame, a datasets.Dataset, a pair (texts, labels), or a mapping "
    "from train, validation and test to any of these"
)


def read_object(value: Any, place: str, text_column: str, label_column: str) -> Part:
    """Read the texts and labels of an object, which is not changed.

    Args:
        value: a ``pandas.DataFrame``, a ``datasets.Dataset``, or a pair (texts, labels) of
            sequences.
        place: what error messages call it.
        text_column: the text column; not used for a pair.
        label_column: the label column; not used for a pair.

    Raises:
        DatasetError: it is of another type, has no rows or no such column, its texts and labels
            differ in number, or a text is not a string.
    """
    column: str | None = text_column
    if _is_frame(value):
        place = f"{place} (a pandas.DataFrame)"
        check_columns((text_column, label_column), list(value.columns), place)
        texts, labels, names = value[text_column].tolist(), value[label_column].tolist(), None
    elif _is_instance(value, "datasets", "Dataset"):
        place = f"{place} (a datasets.Dataset)"
        check_columns((text_column, label_column), value.column_names, place)
        texts, labels = list(value[text_column]), list(value[label_column])
        names = getattr(value.features[label_column], "names", None)
    else:
        texts, labels = _pair(value, place)
        names, column = None, None
    if not texts:
        raise DatasetError(f"{place} has no rows; give at least one text with its label")
    texts = [None if _is_missing(text) else text for text in texts]
    check_texts(texts, place, column)
    labels = [None if _is_missing(label) else _plain(label) for label in labels]
    return Part(place, texts, labels, tuple(names) if names else None)


def describe_object(value: Any) -> str:
    """What an object is, for records: a type or ``list of texts``."""
    if _is_frame(value):
        return "pandas.DataFrame"
    if _is_instance(value, "datasets", "Dataset"):
        return "datasets.Dataset"
    return "list of texts"


def _pair(value: Any, place: str) -> tuple[list[Any], list[Any]]:
    parts = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []
    if len(parts) != 2 or not all(_is_column(part) for part in parts):
        raise DatasetError(f"{place} is of type {type(value).__name__}; {_EXPECTED}")
    texts, labels = (list(part) for part in parts)
    if len(texts) != len(labels):
        raise DatasetError(
            f"{place} has texts and labels of different lengths, {len(texts)} and {len(labels)}; "
            "give one label per text"
        )
    return texts, labels


def _is_column(value: Any) -> bool:
    """Whether a value is a one-dimensional sequence: a list, an array or a pandas.Series."""
    if isinstance(value, str | bytes | Mapping) or _is_frame(value):
        return False
    return hasattr(value, "__len__") and hasattr(value, "__iter__")


def _is_frame(value: Any) -> bool:
    return _is_instance(value, "pandas", "DataFrame")


def _is_instance(value: Any, module: str, name: str) -> bool:
    """Whether a value is an instance of a class, without importing its module."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def _is_missing(value: Any) -> bool:
    """Whether a value is None, NaN or pandas.NA."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value


def _plain(label: Any) -> Any:
    """A label; that of a numpy array or a torch tensor becomes a Python number or string."""
    return label.item() if callable(getattr(label, "item", None)) else label
