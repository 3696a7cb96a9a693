"""Checks of how a dataset is described, before its data is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from robustbert.data.dataset import SPLITS
from robustbert.data.dataset_registry import DATASETS
from robustbert.data.sources.columns import SUFFIXES
from robustbert.data.sources.hub import has_split
from robustbert.errors import InputError, UnknownNameError
from robustbert.paths import user_path

FILE = "file:"
"""The prefix of files."""
HUB = "hub:"
"""The prefix of datasets on the Hugging Face hub."""


@dataclass(frozen=True, eq=False)
class InMemory:
    """An object that contains data; it is equal to itself only.

    Attributes:
        value: a frame, a dataset, or a pair of texts and labels.
    """

    value: Any = field(repr=False)


def check_dataset_name(name: str) -> None:
    """Check that ``name`` is a registered name, an import path, ``file:PATH`` or ``hub:NAME``.

    Raises:
        UnknownNameError: it is not; the message suggests similar names.
    """
    if name.startswith((FILE, HUB)) or name in DATASETS:
        return
    # A name that looks like a path or a hub name most likely lacks only the prefix.
    path_like = [f"{FILE}{name}"] if Path(name).suffix in SUFFIXES else []
    hub_like = [f"{HUB}{name}"] if "/" in name and not path_like else []
    raise UnknownNameError("dataset", name, path_like or hub_like or DATASETS)


def splits_of(value: Mapping[Any, Any]) -> dict[str, Any]:
    """The splits of a mapping, such as a ``datasets.DatasetDict``.

    Raises:
        InputError: a key is not the name of a split.
    """
    for key in value:
        if key not in SPLITS:
            raise InputError(
                f"a mapping has the key {str(key)!r}; its keys must be splits "
                f"({', '.join(SPLITS)}); give columns as a pandas.DataFrame or a pair (texts, "
                "labels)"
            )
    return dict(value)


def check_split(slot: str, value: str) -> None:
    """Check that a split is given as a file or as a split on the hub.

    Args:
        slot: ``train``, ``validation`` or ``test``.
        value: what is given for it.

    Raises:
        InputError: it has neither a prefix nor the suffix of a supported format.
    """
    if value.startswith((FILE, HUB)) or Path(value).suffix.lower() in SUFFIXES:
        return
    raise InputError(
        f"{slot}: {value!r} is not a split; give a {', '.join(SUFFIXES)} file, file:PATH or "
        "hub:NAME[SPLIT]"
    )


def check_different(splits: Mapping[str, Any]) -> None:
    """Check that no file and no object is given for two splits.

    Raises:
        InputError: one is.
    """
    seen: dict[Any, str] = {}
    for slot, value in splits.items():
        key = id(value.value) if isinstance(value, InMemory) else _place(slot, value)
        if key in seen:
            what = "the same object" if isinstance(value, InMemory) else f"the same data, {value}"
            raise InputError(
                f"{seen[key]} and {slot} are {what}; give different data for each split"
            )
        seen[key] = slot


def _place(slot: str, value: str) -> str:
    """A canonical form of a file's path or of a split on the hub."""
    if value.startswith(HUB):
        return value if has_split(value) else f"{value}[{slot}]"
    path = user_path(value.removeprefix(FILE))
    try:
        return str(path.resolve())
    except (OSError, ValueError):  # the path is checked when it is read
        return str(path)
