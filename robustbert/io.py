"""Files and folders that are written completely or not at all, and locks between processes."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from robustbert.errors import OutputError

_T = TypeVar("_T")

TEMPORARY_FILES = ".*.tmp"
"""The pattern of files that are still being written; those of a killed process may be removed."""


@contextmanager
def output_errors(place: str, advice: str) -> Iterator[None]:
    """Turn an ``OSError`` in the block into an ``OutputError`` of one line.

    Args:
        place: what could not be written, such as ``"to /results"``.
        advice: what to do about it.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"cannot write {place} ({reason}); {advice}") from error


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file completely or not at all, creating its folder; a device or pipe is written to.

    Raises:
        OutputError: the file cannot be written.
    """
    path = Path(path)
    if is_special(path):
        with output_errors(str(path), "give a file"), path.open("ab") as file:
            file.write(content)
        return
    temporary = path.with_name(TEMPORARY_FILES.replace("*", secrets.token_hex(8)))
    try:
        with output_errors(str(path), "choose another folder"):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(content)
            os.replace(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_files(contents: Mapping[Path, bytes], *, new: Collection[Path] = ()) -> None:
    """Write several files, all of them or none, creating their folders.

    If one cannot be written, the others are as they were before.

    Args:
        contents: keyed by path.
        new: those that must not exist, not even because another process has just written them.

    Raises:
        OutputError: a file cannot be written, or a new one exists.
    """
    temporary = {
        path: path.with_name(TEMPORARY_FILES.replace("*", secrets.token_hex(8)))
        for path in contents
    }
    folders = {folder for path in contents for folder in path.parents if not folder.exists()}
    replaced: dict[Path, bytes | None] = {}
    try:
        for path, content in contents.items():
            with output_errors(str(path), "nothing was changed; choose another folder"):
                path.parent.mkdir(parents=True, exist_ok=True)
                temporary[path].write_bytes(content)
        for path in new:
            with output_errors(str(path), "nothing was changed; repeat the command"):
                path.touch(exist_ok=False)  # whoever creates it may replace it
                replaced[path] = None
        for path in contents:
            with output_errors(str(path), "nothing was changed; choose another folder"):
                before = path.read_bytes() if path.exists() else None
                os.replace(temporary[path], path)
                replaced.setdefault(path, before)
    except BaseException:
        _restore(replaced)
        raise
    finally:
        for path in temporary.values():
            with suppress(OSError):
                path.unlink(missing_ok=True)
        for folder in sorted(folders, reverse=True):  # those inside of others first
            with suppress(OSError):  # it is not empty if files were written
                folder.rmdir()


def is_special(path: Path) -> bool:
    """Whether it is a device or a pipe, such as /dev/stdout, which cannot be replaced by a file."""
    of_process = str(path.absolute().parent) in ("/dev", "/dev/fd", "/proc/self/fd")
    return path.exists() and not path.is_dir() and (of_process or not path.is_file())


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, lone surrogates as escapes; see :func:`write_bytes`.

    Raises:
        OutputError: the file cannot be written.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def remove_temporary_files(folder: Path) -> None:
    """Remove the partly written files that killed processes left in ``folder``."""
    for path in folder.glob(TEMPORARY_FILES):
        path.unlink(missing_ok=True)


def check_free(folder: Path, *, disposable: Collection[str] = ()) -> None:
    """Check that ``folder`` does not exist, or contains at most ``disposable`` names.

    Raises:
        OutputError: it contains something else, or is a file.
    """
    if folder.is_dir():
        taken = sorted(path.name for path in folder.iterdir() if path.name not in disposable)
        if not taken:
            return
        raise OutputError(
            f"{folder} already contains {taken[0]}; choose another place or remove it"
        )
    if folder.exists():
        raise OutputError(f"{folder} is a file, not a folder; choose another place")


@contextmanager
def atomic_folder(folder: Path, *, disposable: Collection[str] = ()) -> Iterator[Path]:
    """Yield a temporary folder, which is renamed to ``folder`` if the block succeeds.

    Args:
        folder: the path of the final folder.
        disposable: names that ``folder`` may contain already; they are removed at the end.

    Raises:
        OutputError: ``folder`` already contains something else, or cannot be written.
    """
    folder = Path(folder).absolute()
    check_free(folder, disposable=disposable)
    with output_errors(f"to {folder.parent}", "choose another place"):
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        with output_errors(str(folder), "choose another place"):
            yield partial
            partial.chmod(0o755)
            _replace_folder(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def file_lock(path: Path, *, place: str, advice: str, busy: str = "") -> Iterator[None]:
    """Hold a lock file, so that one process at a time runs the block.

    Args:
        path: the lock file; its folder is created.
        place: what could not be written, for the error message; see :func:`output_errors`.
        advice: what to do about it.
        busy: if given, raise ``OutputError`` with this message instead of waiting while another
            process holds the lock.

    Raises:
        OutputError: the lock file cannot be written, or another process holds it and ``busy``
            is given.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    with output_errors(place, advice):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0 if busy else -1)
        except Timeout as error:  # an OSError too
            raise OutputError(busy) from error
    try:
        yield
    finally:
        lock.release()


def build_folder(
    folder: Path,
    partial: Path,
    build: Callable[[Path], _T],
    *,
    advice: str,
    resumable: Callable[[Path], bool] = lambda partial: False,
) -> _T:
    """Build ``folder`` completely or not at all; call it under a :func:`file_lock`.

    Args:
        folder: the path of the final folder; it is replaced if it exists.
        partial: the folder in which it is built, next to ``folder``.
        build: fills ``partial``, which it may have to create.
        advice: what to do if ``folder`` cannot be written.
        resumable: whether ``partial``, left by a failed or killed process, can be resumed by the
            next call; if not, it is removed. By default, it is always removed.

    Returns:
        The result of ``build``.

    Raises:
        OutputError: ``folder`` cannot be written. Errors of ``build`` pass through.
    """
    if not resumable(partial):
        shutil.rmtree(partial, ignore_errors=True)
    try:
        result = build(partial)
        with output_errors(str(folder), advice):
            _replace_folder(partial, folder)
    except BaseException:
        if not resumable(partial):
            shutil.rmtree(partial, ignore_errors=True)
        raise
    return result


def _restore(before: Mapping[Path, bytes | None]) -> None:
    """Give files the content that they had before; None for those that did not exist."""
    for path, content in before.items():
        if content is None:
            path.unlink(missing_ok=True)
        else:
            write_bytes(path, content)


def _replace_folder(partial: Path, folder: Path) -> None:
    """Replace ``folder`` with ``partial``."""
    if folder.is_dir():
        shutil.rmtree(folder)
    os.replace(partial, folder)
