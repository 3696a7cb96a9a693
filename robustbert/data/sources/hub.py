"""Datasets of the Hugging Face hub: ``hub:NAME`` or ``hub:NAME@REVISION``."""

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
    """Read a dataset of the hub, with the splits that it publishes.

    A text that stands in several splits stays in the test split, else in the validation split, so
    that numbers on those compare with other people's. Where the test split has no labels, or
    where there is none, one is made from the training split.

    Args:
        spec: the dataset's name, with ``@REVISION`` for a branch, tag or commit of it.
        text_column: the column of the texts.
        label_column: the column of the labels.

    Raises:
        DatasetError: no such name, no way to reach it, no training split, or no such column.
    """
    found = _NAME.fullmatch(spec)
    if not found:
        raise DatasetError(f"'hub:{spec}' names no dataset; write hub:NAME or hub:OWNER/NAME")
    name, revision = found["name"], found["revision"]
    if name in _file_readers():
        raise DatasetError(
            f"'hub:{name}' is the hub client's reader for files, no dataset; use file:PATH"
        )
    if Path(name).exists():
        raise DatasetError(
            f"'hub:{name}': the path {name} lies in this folder and the hub's client would read "
            "it instead; run from another folder, or use file:PATH"
        )
    loaded = _download(name, revision)
    if "train" not in loaded:
        raise DatasetError(f"hub:{name} has no split 'train'; it has {', '.join(loaded)}")
    source = f"hub:{name}@{_commit(loaded['train']) or revision or 'main'}"
    check_columns((text_column, label_column), loaded["train"].column_names, source)
    return _pooled(name, source, loaded, text_column, label_column)


def _file_readers() -> Container[str]:
    """Names that the hub's client takes for "read the files of this folder"."""
    from datasets import packaged_modules

    return frozenset(packaged_modules._PACKAGED_DATASETS_MODULES)


def _download(name: str, revision: str | None) -> Any:
    import datasets

    try:
        with _without_bars():
            # datasets 4 and later run no code of the hub's.
            return datasets.load_dataset(name, revision=revision)
    except Exception as error:  # the client raises a dozen kinds of a dozen libraries
        raise DatasetError(
            f"hub:{name} cannot be loaded ({type(error).__name__}: {one_line(error)}); check the "
            "name and the connection (HF_HUB_OFFLINE must not be set unless it was loaded before), "
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
    """The commit that a split was read from: it stands in the address of each file."""
    addresses = [*(split.info.download_checksums or {})]
    addresses += [file["filename"] for file in split.cache_files]
    return next((found.group() for text in addresses if (found := _COMMIT.search(text))), None)


def _pooled(name: str, source: str, loaded: Any, text_column: str, label_column: str) -> Rows:
    """All labelled splits one after the other, those first whose copy of a text is to stay."""
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
        raise DatasetError(f"{source}: the column {text_column!r} holds no texts; name another")
    if not values:
        raise DatasetError(f"{source} holds no rows; choose another dataset")
    labels = _labels(loaded["train"].features[label_column], values, source)
    return Rows(name, source, labels.names, texts, labels.indices, published)


def _labels(feature: Any, values: list[Any], source: str) -> Labels:
    names = getattr(feature, "names", None)
    return named_labels(values, names, source) if names else encode_labels(values, source)
