"""The cache of trained models: each is trained once, and an interrupted training is resumed.

A model's folder is named by a hash of its cache key: everything that determines the model. During
training its checkpoints are beside it in ``HASH.unfinished``, and ``HASH.lock`` ensures that only
one process trains it. Folders of other hashes are ignored.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from robustbert.errors import InputError, RobustbertError
from robustbert.io import build_folder, file_lock, output_errors
from robustbert.models.folders import TRAINING_FILE
from robustbert.models.json_files import StoredModel, read_checked
from robustbert.paths import cache_folder
from robustbert.training.launched_processes import launched_processes
from robustbert.training.result import CHECKPOINTS

# File in a cached model's folder with its cache key and training time.
CACHE_FILE = "made.json"
_ADVICE = "set ROBUSTBERT_CACHE to another folder"


class _CacheFile(StoredModel):
    seconds: Annotated[float, Field(ge=0)] | None


@dataclass(frozen=True)
class CachedModel:
    """A trained model in the cache.

    Args:
        folder: the model's folder.
        seconds: the training time; None if training was interrupted, because the time of the
            earlier part is not known.
    """

    folder: Path
    seconds: float | None


def find_cached(key: Mapping[str, object]) -> CachedModel | None:
    """Look up a cached model; None if there is none. Trains and writes nothing."""
    folder = _folder(key)
    return CachedModel(folder, _seconds(folder)) if folder.is_dir() else None


def find_or_train(key: Mapping[str, object], train: Callable[[Path], object]) -> CachedModel:
    """Return the cached model for ``key``; train it first if there is none.

    Only one process trains it, and the folder is written atomically.

    Args:
        key: everything that determines the model, as a JSON object.
        train: trains a model in a folder, resuming from the last checkpoint in it if there is one.

    Raises:
        InputError: this is one of several processes that a launcher started, which would wait for
            each other.
        OutputError: the cache cannot be written to.
    """
    if launched_processes() > 1:
        raise InputError(
            "a launcher started several processes, but models of the cache are trained by one "
            "command; run it without the launcher, and give the number of workers instead"
        )
    folder = _folder(key)
    place = f"to the cache {folder.parent}"
    with file_lock(folder.with_suffix(".lock"), place=place, advice=_ADVICE):
        if not folder.is_dir():
            _train(folder, key, train)
    return CachedModel(folder, _seconds(folder))


def _train(folder: Path, key: Mapping[str, object], train: Callable[[Path], object]) -> None:
    unfinished = folder.with_suffix(".unfinished")
    resumed = _is_resumable(unfinished)

    def fill(unfinished: Path) -> None:
        began = time.perf_counter()
        if not _is_trained(unfinished):  # else only the rename is missing
            try:
                train(unfinished)
            except RobustbertError:
                # A failed training would fail again, so it is deleted. An interrupted one is kept.
                shutil.rmtree(unfinished, ignore_errors=True)
                raise
        seconds = None if resumed else round(time.perf_counter() - began, 3)
        text = json.dumps({"key": key, "seconds": seconds}, sort_keys=True, indent=2)
        with output_errors(str(folder), _ADVICE):
            (unfinished / CACHE_FILE).write_text(text + "\n", encoding="utf-8")

    build_folder(folder, unfinished, fill, advice=_ADVICE, resumable=_is_resumable)


def _folder(key: Mapping[str, object]) -> Path:
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    return cache_folder() / "models" / digest[:24]


def _is_resumable(folder: Path) -> bool:
    return _is_trained(folder) or _has_checkpoint(folder)


def _is_trained(folder: Path) -> bool:
    return (folder / TRAINING_FILE).is_file()


def _has_checkpoint(folder: Path) -> bool:
    return any((folder / CHECKPOINTS).glob("checkpoint-*"))


def _seconds(folder: Path) -> float | None:
    advice = f"delete {folder}, and the model will be trained again"
    return read_checked(folder / CACHE_FILE, _CacheFile, advice=advice).seconds
