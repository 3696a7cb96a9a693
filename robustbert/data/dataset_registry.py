"""The registry of datasets, and reading the rows of its entries."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from robustbert.data.dataset import Rows
from robustbert.errors import DatasetError, RobustbertError, describe_error
from robustbert.registry import Entry, Registry

DATASETS = Registry(
    "dataset",
    [
        Entry(
            "rotten_tomatoes",
            "robustbert.data.sources.packaged:rotten_tomatoes",
            "film reviews, one sentence each: 8,529 texts, negative or positive",
        ),
        Entry(
            "imdb",
            "robustbert.data.sources.packaged:imdb",
            "full-length film reviews: 23,889 texts, negative or positive",
        ),
        Entry(
            "bbc_news",
            "robustbert.data.sources.packaged:bbc_news",
            "news articles, headline and first paragraph: 2,092 texts, 5 topics",
        ),
    ],
    accepts=callable,
    expected="a function without arguments that returns robustbert.data.Rows",
)
"""The registry of datasets; each target is a function without arguments that returns ``Rows``."""


def registered_rows(name: str) -> Rows:
    """Call the function of a dataset, which may be a user's own, and check what it returns.

    Raises:
        UnknownNameError: no such dataset.
        DatasetError: the function raised an error, or its rows are not valid.
    """
    source = DATASETS.load(name)
    try:
        rows = source()
    except RobustbertError:
        raise
    except Exception as error:  # a user's function may raise anything
        raise DatasetError(f"{name} raised {describe_error(error)}; fix that function") from error
    if not isinstance(rows, Rows):
        raise DatasetError(f"{name} returned a {type(rows).__name__}; return robustbert.data.Rows")
    return _checked(rows, name)


def _checked(rows: Rows, name: str) -> Rows:
    """Check the columns of rows; texts and labels become lists of strings and ints."""
    _check_names(rows, name)
    texts = list(rows.texts)
    for column in ("labels", "published", "compared"):
        values: Sequence[Any] | None = getattr(rows, column)
        if values is not None and len(values) != len(texts):
            raise DatasetError(
                f"{name} returned {len(texts)} texts but {len(values)} values in {column}; return "
                "one per text"
            )
    for number, text in enumerate(texts, start=1):
        if text is not None and not isinstance(text, str):
            raise DatasetError(
                f"{name}: text {number} is of type {type(text).__name__}; return strings, or None "
                "for a row without a text"
            )
    last = len(rows.label_names) - 1
    labels = [_index(label) for label in rows.labels]
    for number, label in enumerate(labels, start=1):
        if label is None or not 0 <= label <= last:
            raise DatasetError(
                f"{name}: label {number} is {rows.labels[number - 1]!r}; return an integer from 0 "
                f"to {last}, an index into the label names"
            )
    if not texts:
        raise DatasetError(f"{name} returned no rows; return at least one per class and split")
    return replace(rows, texts=texts, labels=[label for label in labels if label is not None])


def _check_names(rows: Rows, name: str) -> None:
    names = rows.label_names
    if isinstance(names, str) or not all(isinstance(one, str) and one for one in names):
        raise DatasetError(f"{name}: label_names is {names!r}; return a tuple of strings")
    if len(set(names)) < max(2, len(names)):
        raise DatasetError(
            f"{name}: label_names is {tuple(names)!r}; return at least two names that differ"
        )


def _index(label: Any) -> int | None:
    """A label as an int (numpy's integers are accepted); None if it is not a whole number."""
    try:
        return None if isinstance(label, bool) else operator.index(label)
    except TypeError:
        return None
