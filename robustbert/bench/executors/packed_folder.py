"""Folders that are sent to workers by their content, never by a path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from robustbert.assets.manifest import tree_sha256
from robustbert.errors import ExecutorError
from robustbert.io import build_folder, file_lock, output_errors

#: The content of each file of a folder, keyed by its relative path.
Files = Mapping[str, bytes]
_ADVICE = "set ROBUSTBERT_CACHE to a folder that can be written"


@dataclass(frozen=True)
class PackedFolder:
    """A folder that a worker unpacks if it does not have it yet.

    Args:
        sha256: the hash of its files, see :func:`robustbert.assets.manifest.tree_sha256`.
        files: refers to the files; what it is depends on how they are sent.
    """

    sha256: str
    files: Any


def folder_files(folder: Path) -> dict[str, bytes]:
    """Read all files of a folder, except caches of Python."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def unpack(packed: PackedFolder, target: Path, fetch: Callable[[Any], Files]) -> Path:
    """Write a packed folder, unless it is there; processes that do so at once write it once.

    Args:
        packed: the folder.
        target: where it belongs.
        fetch: returns the files for ``packed.files``.

    Raises:
        ExecutorError: the files are others than those that were packed.
        OutputError: the folder cannot be written.
    """
    place = f"to {target.parent}"
    lock = target.parent / f".{target.name}.lock"
    with file_lock(lock, place=place, advice=_ADVICE), output_errors(place, _ADVICE):
        if target.is_dir():
            return target

        def fill(partial: Path) -> None:
            partial.mkdir(parents=True)
            for name, content in fetch(packed.files).items():
                path = partial.joinpath(*PurePosixPath(name).parts)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            found = tree_sha256(partial)
            if found != packed.sha256:
                raise ExecutorError(
                    f"{target.name} arrived damaged: its hash is {found}, but {packed.sha256} was "
                    "sent; run the same command again"
                )

        build_folder(target, target.parent / f".unpacking-{target.name}", fill, advice=_ADVICE)
    return target
