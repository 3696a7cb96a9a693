"""Datasets on the Hugging Face hub: ``hub:NAME``, ``hub:NAME@REVISION`` or ``hub:NAME[SPLIT]``."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from robustbert.data.dataset import ALL, SPLITS
from robustbert.data.sources.columns import check_columns, one_line
from robustbert.data.sources.parts import Part, SourceParts, check_texts
from robustbert.errors import DatasetError

_NAME = re.compile(
    r"(?P<name>\w[\w.-]*(/\w[\w.-]*)?)(@(?P<revision>[\w./-]+))?(\[(?P<split>[\w.-]+)\])?"
)
_COMMIT = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")


def read_hub(spec: str, text_column: str, label_column: str) -> SourceParts:
    """Read a dataset of the hub with its published splits.

    A text that occurs in several splits is kept in the test split, or else in the validation split,
    so that results are comparable with published ones. Splits without labels are left out.

    Args:
        spec: the dataset's name, optionally with ``@REVISION`` (branch, tag or commit) and
            ``[SPLIT]``; with a split, its rows are the only part.
        text_column: the text column.
        label_column: the label column.

    Raises:
        DatasetError: there is no such dataset, it cannot be reached, or it has no such split, no
            training split, or no such column.
    """
    found = _NAME.fullmatch(spec)
    if not found:
        raise DatasetError(
            f"'hub:{spec}' is not a dataset name; write hub:NAME, hub:OWNER/NAME or hub:NAME[SPLIT]"
        )
    name, revision, split = found["name"], found["revision"], found["split"]
    loaded = _load(name, revision)
    needed = split or "train"
    if needed not in loaded:
        raise DatasetError(f"hub:{name} has no split {needed!r}; it has {', '.join(loaded)}")
    source = f"hub:{name}@{_commit(loaded[needed]) or revision or 'main'}"
    check_columns((text_column, label_column), loaded[needed].column_names, source)
    if split:
        source = f"{source}[{split}]"
        part = _part(loaded[split], source, text_column, label_column)
        return SourceParts(name, source, {ALL: part})
    parts = {
        key: _part(loaded[key], source, text_column, label_column)
        for key in reversed(SPLITS)
        if key == "train" or _is_labelled(loaded.get(key), label_column)
    }
    return SourceParts(name, source, parts)


def has_split(spec: str) -> bool:
    """Whether ``NAME[SPLIT]`` names a split."""
    return spec.endswith("]")


def _load(name: str, revision: str | None) -> Any:
    if name in _file_readers():
        raise DatasetError(
            f"'hub:{name}' is a file loader of the datasets library, not a dataset; use file:PATH"
        )
    if Path(name).exists():
        raise DatasetError(
            f"'hub:{name}': a local path {name} exists and would be loaded instead; run from "
            "another folder, or use file:PATH"
        )
    return _download(name, revision)


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


def _is_labelled(split: Any, label_column: str) -> bool:
    """Whether a split exists and has labels: the hub's test splits often have -1 instead."""
    if split is None or label_column not in split.column_names:
        return False
    return not all(value in (-1, None) for value in split[label_column])


def _part(split: Any, source: str, text_column: str, label_column: str) -> Part:
    texts, values = list(split[text_column]), list(split[label_column])
    if not values:
        raise DatasetError(f"{source} has no rows; choose another dataset or split")
    check_texts(texts, source, text_column)
    names = getattr(split.features[label_column], "names", None)
    return Part(source, texts, values, tuple(names) if names else None)
