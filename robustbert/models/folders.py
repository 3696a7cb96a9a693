"""Model folders: written whole or not at all, and told apart by their content."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from robustbert.errors import ModelError, OutputError
from robustbert.models.json_files import Line, StoredModel, read_checked

#: What training writes beside a model: where it came from, on what, with what result.
TRAINING_FILE = "training.json"


def check_free(folder: Path, *, disposable: Collection[str] = ()) -> None:
    """Check that ``folder`` does not exist, or holds at most ``disposable`` names.

    Raises:
        OutputError: it holds something else, or is a file.
    """
    if folder.is_dir():
        taken = sorted(path.name for path in folder.iterdir() if path.name not in disposable)
        if not taken:
            return
        raise OutputError(f"{folder} holds {taken[0]} already; choose another place or remove it")
    if folder.exists():
        raise OutputError(f"{folder} is a file; choose another place for a folder")


@contextmanager
def whole_folder(folder: Path, *, disposable: Collection[str] = ()) -> Iterator[Path]:
    """A new folder to fill, which becomes ``folder`` only when the block ends well.

    Args:
        folder: the place.
        disposable: names that may lie in it now, and are gone in the end.

    Raises:
        OutputError: ``folder`` holds something else already, or cannot be written.
    """
    folder = Path(folder).absolute()
    check_free(folder, disposable=disposable)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise OutputError(
            f"cannot write to {folder.parent} ({error.strerror}); choose another place"
        ) from error
    try:
        yield partial
        partial.chmod(0o755)
        if folder.is_dir():
            shutil.rmtree(folder)
        os.replace(partial, folder)
    except OSError as error:
        raise OutputError(f"cannot write {folder} ({error.strerror or error})") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


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
