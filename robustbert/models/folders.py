"""Model folders: written whole or not at all, and told apart by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeAlias

from robustbert.errors import ModelError
from robustbert.models.json_files import Line, StoredModel, read_checked

#: What training writes beside a model: where it came from, on what, with what result.
TRAINING_FILE = "training.json"

ModelKind: TypeAlias = Literal["huggingface", "classical"]


def model_kind(folder: Path) -> ModelKind | None:
    """The kind of model that a folder holds, by the one file that every such model has.

    ``config.json`` decides first: other tools, too, write a ``model.json`` beside it.

    Returns:
        None if the folder holds neither file, or does not exist.
    """
    if (folder / "config.json").is_file():
        return "huggingface"
    if (folder / "model.json").is_file():
        return "classical"
    return None


def hash_files(files: Iterable[Path]) -> str:
    """The SHA-256 over the names and contents of files, in the order of their names."""
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
    """Where the model of a folder comes from, in words that mean the same on any machine.

    The folder's name where no readable ``training.json`` tells: other tools write files of that
    name, too.
    """
    try:
        made = read_checked(folder / TRAINING_FILE, _Origin)
    except ModelError:
        return f"folder:{folder.name}"
    return f"{made.base.source} trained on {made.dataset.source}"
