"""Model folders: the kind of model, hashes, and the model's origin."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeAlias

from robustbert.errors import ModelError
from robustbert.models.json_files import Line, StoredModel, read_checked

#: Metadata that training writes: base model, dataset and metrics.
TRAINING_FILE = "training.json"
#: Metadata that pre-training writes: base model, texts, and what the network predicts.
PRETRAINING_FILE = "pretraining.json"

ModelKind: TypeAlias = Literal["huggingface", "classical"]


def model_kind(folder: Path) -> ModelKind | None:
    """Detect the kind of model in a folder by the file that every model of this kind has.

    ``config.json`` has priority, because other tools may write a ``model.json`` next to it.

    Returns:
        None if the folder contains neither file, or does not exist.
    """
    if (folder / "config.json").is_file():
        return "huggingface"
    if (folder / "model.json").is_file():
        return "classical"
    return None


def hash_files(files: Iterable[Path]) -> str:
    """The SHA-256 over the names and contents of files, sorted by name."""
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda path: path.name):
        digest.update(path.name.encode() + b"\0")
        with path.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


class _Part(StoredModel):
    source: Line


class _Origin(StoredModel):
    base: _Part
    dataset: _Part


def describe_source(folder: Path) -> str:
    """Describe the origin of a folder's model without local paths.

    Falls back to the folder's name if there is neither ``training.json`` nor ``pretraining.json``,
    or robustbert did not write them: other tools also write files with these names.
    """
    for file, verb in ((TRAINING_FILE, "trained"), (PRETRAINING_FILE, "pre-trained")):
        with suppress(ModelError):
            made = read_checked(folder / file, _Origin)
            return f"{made.base.source} {verb} on {made.dataset.source}"
    return f"folder:{folder.name}"


def is_pretrained(folder: Path) -> bool:
    """Whether a folder is what ``robustbert pretrain`` wrote: a base, which is no classifier."""
    return (folder / PRETRAINING_FILE).is_file() and not (folder / TRAINING_FILE).is_file()
