"""The registry of datasets, and the function that loads one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, cast, get_args

from robustbert.data.cleaning import clean
from robustbert.data.dataset import Rows, TextDataset, TextLength
from robustbert.data.sources.columns import SUFFIXES
from robustbert.data.splitting import SplitRow, split_rows
from robustbert.data.words import words_of
from robustbert.errors import (
    DatasetError,
    InputError,
    RobustbertError,
    UnknownNameError,
    describe_error,
)
from robustbert.registry import Entry, Registry

if TYPE_CHECKING:
    import datasets

LONG_TEXT_WORDS = 100
"""A dataset without a declared length is long if its median training text has more words."""


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

_FILE = "file:"
_HUB = "hub:"


def load_dataset(
    name: str,
    *,
    text_column: str = "text",
    label_column: str = "label",
    length: str | None = None,
) -> TextDataset:
    """Load, clean and split a dataset.

    White space is normalized; empty, duplicate and conflicting texts are dropped and counted. The
    splits are 80/10/10, stratified by class and deterministic; the published splits of a hub
    dataset are kept. Near-duplicates across splits are dropped.

    Args:
        name: a name in :data:`DATASETS`, an import path, ``file:PATH`` (CSV, TSV, JSON Lines or
            Parquet), or ``hub:NAME`` (``hub:NAME@REVISION``).
        text_column: the text column of a file or hub dataset.
        label_column: the label column of a file or hub dataset: whole numbers or names.
        length: ``"short"`` or ``"long"``, for a dataset that does not declare its length. If None,
            it is measured: long if the median training text has more than 100 words.

    Raises:
        UnknownNameError: no such name or length; the message suggests similar ones.
        DatasetError: the dataset cannot be read or has no usable rows.
        MissingAssetError: the package that contains the dataset is not installed.
        InputError: columns or a length are given for a dataset that defines them itself.
    """
    chosen = None if length is None else check_length(length)
    if name.startswith(_FILE):
        from robustbert.data.sources.files import file_rows

        return _assemble(file_rows(name[len(_FILE) :], text_column, label_column), chosen)
    if name.startswith(_HUB):
        from robustbert.data.sources.hub import hub_rows

        return _assemble(hub_rows(name[len(_HUB) :], text_column, label_column), chosen)
    if name not in DATASETS:
        # A name that looks like a path or a hub name most likely lacks only the prefix.
        path_like = [f"{_FILE}{name}"] if Path(name).suffix in SUFFIXES else []
        hub_like = [f"{_HUB}{name}"] if "/" in name and not path_like else []
        raise UnknownNameError("dataset", name, path_like or hub_like or DATASETS)
    if (text_column, label_column) != ("text", "label"):
        raise InputError(
            f"{name} has its own columns; name the text and label columns only for file: and "
            "hub: datasets"
        )
    rows = _call_source(name, DATASETS.load(name))
    if chosen and rows.length:
        raise InputError(f"{name} declares its own text length; omit the text length")
    return _assemble(rows, chosen)


def _call_source(name: str, source: Callable[[], object]) -> Rows:
    """Call the function of a dataset, which may be a user's own, and check what it returns."""
    try:
        rows = source()
    except RobustbertError:
        raise
    except Exception as error:  # a user's function may raise anything
        raise DatasetError(f"{name} raised {describe_error(error)}; fix that function") from error
    if not isinstance(rows, Rows):
        raise DatasetError(f"{name} returned a {type(rows).__name__}; return robustbert.data.Rows")
    return rows


def _assemble(rows: Rows, length: TextLength | None) -> TextDataset:
    cleaned = clean(rows)
    splits = split_rows(cleaned.rows, rows)
    return TextDataset(
        name=rows.name,
        source=rows.source,
        label_names=rows.label_names,
        splits={
            name: _in_memory(members, rows.label_names) for name, members in splits.rows.items()
        },
        cleaning=replace(cleaned.cleaning, overlaps=splits.overlaps),
        length=length or rows.length or _measured_length(splits.rows["train"]),
    )


def _measured_length(rows: Sequence[SplitRow]) -> TextLength:
    """Classify the length by the median number of words per text."""
    return "long" if median(len(words_of(row.text)) for row in rows) > LONG_TEXT_WORDS else "short"


def check_length(length: str) -> TextLength:
    """Return ``length`` as a :data:`TextLength`; raise ``UnknownNameError`` if it is not one."""
    if length not in get_args(TextLength):
        raise UnknownNameError("text length", length, get_args(TextLength))
    return cast(TextLength, length)


def _in_memory(rows: Sequence[SplitRow], label_names: Sequence[str]) -> datasets.Dataset:
    import datasets

    features = datasets.Features(
        {
            "example_id": datasets.Value("string"),
            "text": datasets.Value("string"),
            "label": datasets.ClassLabel(names=list(label_names)),
        }
    )
    columns = {
        "example_id": [row.example_id for row in rows],
        "text": [row.text for row in rows],
        "label": [row.label for row in rows],
    }
    return datasets.Dataset.from_dict(columns, features=features)
