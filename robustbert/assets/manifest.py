"""Build or download an asset once, atomically and under a lock, and store its hash."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from robustbert.io import build_folder, file_lock, output_errors

_MANIFEST = ".manifest.json"


@dataclass(frozen=True)
class Manifest:
    """Metadata of a built asset, stored in its folder.

    Args:
        sha256: the hash of the folder's files, see :func:`tree_sha256`.
        source: the packages that it was built from, or where it was downloaded from.
        seconds: the time that building took.
    """

    sha256: str
    source: str
    seconds: float


def tree_sha256(path: Path) -> str:
    """The SHA-256 of a file, or of a folder's relative paths and contents in sorted order."""
    if path.is_file():
        return file_sha256(path)
    whole = hashlib.sha256()
    files = (file for file in path.rglob("*") if file.is_file() and not _is_ignored(file))
    for relative in sorted(file.relative_to(path).as_posix() for file in files):
        content = file_sha256(path / relative)
        whole.update(f"{content}  {relative}\n".encode())
    return whole.hexdigest()


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, however large."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_ignored(file: Path) -> bool:
    return file.name == _MANIFEST or "__pycache__" in file.parts


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a complete asset; None if there is none."""
    try:
        return Manifest(**json.loads((folder / _MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def build_once(folder: Path, source: str, build: Callable[[Path], str | None]) -> Manifest:
    """Build the asset at ``folder`` atomically, unless it exists.

    Concurrent processes build it only once. Leftovers of a killed process are removed by the next
    build.

    Args:
        folder: where the asset belongs.
        source: the packages that it is built from, for the manifest.
        build: called with an empty folder, which it fills. It may return a description of the
            source that is more precise than ``source``.

    Raises:
        OutputError: the folder is not writable.
    """

    def fill(partial: Path) -> Manifest:
        partial.mkdir()
        start = time.monotonic()
        found = build(partial)
        seconds = round(time.monotonic() - start, 1)
        manifest = Manifest(tree_sha256(partial), found or source, seconds)
        (partial / _MANIFEST).write_text(json.dumps(asdict(manifest)) + "\n", encoding="utf-8")
        return manifest

    place = f"the assets to {folder.parent}"
    advice = "set ROBUSTBERT_CACHE to a folder that can be written"
    lock = folder.parent / f".{folder.name}.lock"
    with file_lock(lock, place=place, advice=advice), output_errors(place, advice):
        finished = read_manifest(folder)
        if finished is not None:
            return finished
        partial = folder.parent / f".building-{folder.name}"
        return build_folder(folder, partial, fill, advice=advice)
