"""Datasets on the Hugging Face hub: ``hub:NAME`` or ``hub:NAME@REVISION``."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from robustbert.data.dataset import Rows
from robustbert.data.labels import Labels, encode_labels, named_labels
from robustbert.data.sources.columns import check_columns, one_line
from robustbert.errors import DatasetError

_NAME = re.compile(r"(?P<name>\w[\w.-]*(/\w[\w.-]*)?)(@(?P<revision>[\w./-]+))?")
_COMMIT = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")


def hub_rows(spec: str, text_column: str, label_column: str) -> Rows:
    """Read a dataset of the hub with its published splits.

    A text that occurs in several splits is kept in the test split, or else in the validation split,
    so that results are comparable with published ones. If there is no labelled test split, one is
    made from the training split.

    Args:
        spec: the dataset's name, optionally with ``@REVISION`` (branch, tag or commit).
        text_column: the text column.
        label_column: the label column.

    Raises:
        DatasetError: there is no such dataset, it cannot be reached, or it has no training split
            or no such column.
    """
    found = _NAME.fullmatch(spec)
    if not found:
        raise DatasetError(f"'hub:{spec}' is not a dataset name; write hub:NAME or hub:OWNER/NAME")
    name, revision = found["name"], found["revision"]
    if name in _file_readers():
        raise DatasetError(
            f"'hub:{name}' is a file loader of the datasets library, not a dataset; use file:PATH"
        )
    if Path(name).exists():
        raise DatasetError(
            f"'hub:{name}': a local path {name} exists and would be loaded instead; run from "
            "another folder, or use file:PATH"
        )
    loaded = _download(name, revision)
    if "train" not in loaded:
        raise DatasetError(f"hub:{name} has no split 'train'; it has {', '.join(loaded)}")
    source = f"hub:{name}@{_commit(loaded['train']) or revision or 'main'}"
    check_columns((text_column, label_column), loaded["train"].column_names, source)
    return _concatenate(name, source, loaded, text_column, label_column)


def _file_readers() -> Container[str]:
    """Loader names that the datasets library interprets as local files."""
    from datasets import packaged_modules

    return frozenset(packaged_modules._PACKAGED_DATASETS_MODULES)


def _download(name: str, revision: str | None) -> Any:
    import datasets

    try:
        with _without_bars():
            # datasets 4 and later do not run code from the hub.
            return datasets.load_dataset(name, revision=revision)
    except Exception as error:  # exceptions of many libraries can occur
        raise DatasetError(
            f"hub:{name} cannot be loaded ({type(error).__name__}: {one_line(error)}); check the "
            "name and the connection (unset HF_HUB_OFFLINE unless the dataset is cached already), "
            "or save the rows in a file and use file:PATH"
        ) from None


@contextmanager
def _without_bars() -> Iterator[None]:
    from datasets.utils import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    if are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()


def _commit(split: Any) -> str | None:
    """The commit that a split was read from; it is part of each file's URL."""
    addresses = [*(split.info.download_checksums or {})]
    addresses += [file["filename"] for file in split.cache_files]
    return next((found.group() for text in addresses if (found := _COMMIT.search(text))), None)


def _concatenate(name: str, source: str, loaded: Any, text_column: str, label_column: str) -> Rows:
    """Concatenate the labelled splits, test first: the first copy of a text is kept."""
    texts: list[str | None] = []
    values: list[Any] = []
    published: list[str] = []
    for split in ("test", "validation", "train"):
        if split not in loaded or label_column not in loaded[split].column_names:
            continue
        column = list(loaded[split][label_column])
        if split != "train" and all(value in (-1, None) for value in column):
            continue
        texts += loaded[split][text_column]
        values += column
        published += [split] * len(column)
    if not all(text is None or isinstance(text, str) for text in texts):
        raise DatasetError(
            f"{source}: the column {text_column!r} contains values that are not texts; set another "
            "text column (--text-column)"
        )
    if not values:
        raise DatasetError(f"{source} has no rows; choose another dataset")
    labels = _labels(loaded["train"].features[label_column], values, source)
    return Rows(name, source, labels.names, texts, labels.indices, published)


def _labels(feature: Any, values: list[Any], source: str) -> Labels:
    names = getattr(feature, "names", None)
    return named_labels(values, names, source) if names else encode_labels(values, source)
