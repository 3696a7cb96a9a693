"""The cache of trained models: each made once, and an interrupted training goes on.

A model's folder is named by a hash of everything that made it. While it is made, its checkpoints
lie beside it in ``HASH.unfinished``; one process at a time works there, since it holds
``HASH.lock``. What belongs to another hash is never looked at.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from filelock import FileLock
from pydantic import Field

from robustbert.errors import OutputError, RobustbertError
from robustbert.models.folders import TRAINING_FILE
from robustbert.models.json_files import StoredModel, read_checked
from robustbert.paths import cache_folder
from robustbert.training.result import CHECKPOINTS

# Beside a cached checkpoint: everything that made it, and the seconds that took.
MADE_FILE = "made.json"


class _Made(StoredModel):
    seconds: Annotated[float, Field(ge=0)] | None


@dataclass(frozen=True)
class CachedModel:
    """A trained model in the cache.

    Args:
        folder: where it lies.
        seconds: what it took to make; None if that was not in one go, which is not known then.
    """

    folder: Path
    seconds: float | None


def find_cached(key: Mapping[str, object]) -> CachedModel | None:
    """The model that ``key`` made; None if it is not there. Makes and writes nothing."""
    folder = _folder(key)
    return CachedModel(folder, _seconds(folder)) if folder.is_dir() else None


def make_cached(key: Mapping[str, object], make: Callable[[Path], object]) -> CachedModel:
    """The model that ``key`` makes, made if it is not there: by one process, all or nothing.

    Args:
        key: everything that the model depends on; JSON.
        make: trains into a folder, from the last checkpoint in it if there is one.

    Raises:
        OutputError: the cache cannot be written to.
    """
    folder = _folder(key)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_suffix(".lock"))
        lock.acquire()
    except OSError as error:
        raise OutputError(
            f"cannot write to the cache {folder.parent} ({error.strerror}); "
            "set ROBUSTBERT_CACHE to another folder"
        ) from error
    try:
        if not folder.is_dir():
            _make(folder, key, make)
    finally:
        lock.release()
    return CachedModel(folder, _seconds(folder))


def _make(folder: Path, key: Mapping[str, object], make: Callable[[Path], object]) -> None:
    unfinished = folder.with_suffix(".unfinished")
    resumed = _is_trained(unfinished) or _has_checkpoint(unfinished)
    if not resumed:  # what a killed process left has nothing to go on from
        shutil.rmtree(unfinished, ignore_errors=True)
    began = time.perf_counter()
    if not _is_trained(unfinished):  # else the earlier process ended just before it was moved
        try:
            make(unfinished)
        except BaseException as error:
            # A failure would come again; what an interruption leaves is worth keeping.
            if isinstance(error, RobustbertError) or not _has_checkpoint(unfinished):
                shutil.rmtree(unfinished, ignore_errors=True)
            raise
    seconds = None if resumed else round(time.perf_counter() - began, 3)
    text = json.dumps({"key": key, "seconds": seconds}, sort_keys=True, indent=2)
    try:
        (unfinished / MADE_FILE).write_text(text + "\n", encoding="utf-8")
        os.replace(unfinished, folder)
    except OSError as error:
        raise OutputError(
            f"cannot write {folder} ({error.strerror}); set ROBUSTBERT_CACHE to another folder"
        ) from error


def _folder(key: Mapping[str, object]) -> Path:
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    return cache_folder() / "models" / digest[:24]


def _is_trained(folder: Path) -> bool:
    return (folder / TRAINING_FILE).is_file()


def _has_checkpoint(folder: Path) -> bool:
    return any((folder / CHECKPOINTS).glob("checkpoint-*"))


def _seconds(folder: Path) -> float | None:
    advice = f"remove {folder}, and it is made again"
    return read_checked(folder / MADE_FILE, _Made, advice=advice).seconds
