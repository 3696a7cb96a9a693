"""Unpack downloaded archives; no member may be written outside of the folder."""

from __future__ import annotations

import shutil
import stat
import tarfile
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

from robustbert.errors import MissingAssetError

_UNPACKED = ".unpacked"


def unpack_archive(archive: Path, folder: Path, *, top: str, name: str) -> None:
    """Unpack a zip or tar archive into a folder; copy another file there.

    Args:
        archive: the file; its content determines what it is, not its name.
        folder: an existing folder.
        top: the folder in the archive whose content is wanted, if there is one.
        name: the name in ``folder`` of a file that is no archive.

    Raises:
        MissingAssetError: the archive is damaged, or a member would leave the folder.
    """
    unpacked = folder / _UNPACKED
    unpacked.mkdir()
    try:
        if zipfile.is_zipfile(archive):
            _unzip(archive, unpacked)
        elif tarfile.is_tarfile(archive):
            _untar(archive, unpacked)
        else:
            shutil.copyfile(archive, unpacked / name)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, ValueError) as error:
        raise MissingAssetError(
            f"the archive {archive.name} cannot be unpacked ({error}); nothing was kept of it"
        ) from error
    root = unpacked / top if (unpacked / top).is_dir() else unpacked
    for path in root.iterdir():
        path.rename(folder / path.name)
    shutil.rmtree(unpacked)


def _unzip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as content:
        for member in content.infolist():
            is_link = stat.S_ISLNK(member.external_attr >> 16)
            if is_link or _leaves(member.filename):
                raise MissingAssetError(
                    f"the archive {archive.name} has the member {member.filename!r}, which would "
                    "be written outside of its folder; nothing was kept of it"
                )
        content.extractall(folder)


def _leaves(name: str) -> bool:
    """Whether a member's name leads out of the folder, on any platform."""
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    return (
        posix.is_absolute()
        or bool(windows.drive or windows.root)
        or ".." in (*posix.parts, *windows.parts)
    )


def _untar(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive) as content:
            content.extractall(folder, filter="data")
    except tarfile.FilterError as error:
        raise MissingAssetError(
            f"the archive {archive.name} has a member that would be written outside of its folder "
            f"({error}); nothing was kept of it"
        ) from error
