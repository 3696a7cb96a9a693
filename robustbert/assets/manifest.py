"""Building an asset once: in a temporary folder, under a lock, with its hash, or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from robustbert.errors import OutputError

_MANIFEST = ".manifest.json"
_BUILDING = ".building"


@dataclass(frozen=True)
class Manifest:
    """What is known of a built asset; it lies in the asset's folder.

    Args:
        sha256: over the folder's files, see :func:`tree_sha256`.
        source: the packages it was made from.
        seconds: how long making it took.
    """

    sha256: str
    source: str
    seconds: float


def tree_sha256(path: Path) -> str:
    """The SHA-256 of a file, or of a folder's relative paths and contents in sorted order."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    whole = hashlib.sha256()
    files = (file for file in path.rglob("*") if file.is_file() and not _is_ours(file))
    for relative in sorted(file.relative_to(path).as_posix() for file in files):
        content = hashlib.sha256((path / relative).read_bytes()).hexdigest()
        whole.update(f"{content}  {relative}\n".encode())
    return whole.hexdigest()


def _is_ours(file: Path) -> bool:
    return file.name == _MANIFEST or "__pycache__" in file.parts


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a finished asset; None where nothing finished is."""
    try:
        return Manifest(**json.loads((folder / _MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def build_once(folder: Path, source: str, build: Callable[[Path], None]) -> Manifest:
    """The asset at ``folder``, made by ``build`` if it is not there.

    ``build`` fills a folder beside the final one, which takes its name only when it is whole:
    a process that dies leaves nothing that looks finished, and what it left is swept away by the
    next. Two processes at once build once.

    Args:
        folder: where the asset belongs.
        source: for the manifest.
        build: fills the empty folder it is given, or raises.

    Raises:
        OutputError: the folder cannot be written.
    """
    from filelock import FileLock

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f".{folder.name}.lock"):
            found = read_manifest(folder)
            return found if found is not None else _build(folder, source, build)
    except OSError as error:
        raise OutputError(
            f"cannot write the assets to {folder.parent}: {error}; "
            "set ROBUSTBERT_CACHE to a folder that can be written"
        ) from error


def _build(folder: Path, source: str, build: Callable[[Path], None]) -> Manifest:
    temporary = folder.parent / f"{_BUILDING}-{folder.name}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        start = time.monotonic()
        build(temporary)
        seconds = round(time.monotonic() - start, 1)
        manifest = Manifest(tree_sha256(temporary), source, seconds)
        (temporary / _MANIFEST).write_text(json.dumps(asdict(manifest)) + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        temporary.replace(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return manifest
