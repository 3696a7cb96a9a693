"""Unpack downloaded archives; no member may be written outside of the folder."""

from __future__ import annotations

import errno
import lzma
import shutil
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath

from robustbert.errors import MissingAssetError

_CHUNK = 1 << 20
#: What reading a damaged or an unsupported archive raises, besides ``OSError``.
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    ValueError,
    ArithmeticError,
    RuntimeError,  # an encrypted member, or a compression that is not supported
)
#: What members of which one would have to be in the other, or with impossible names, raise.
_CONTRADICTIONS = frozenset(
    {errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.EINVAL}
)


def unpack_archive(archive: Path, folder: Path, *, top: str, origin: str) -> None:
    """Unpack a zip or tar archive into a folder.

    Args:
        archive: the file; its content determines what it is, not its name.
        folder: an existing folder.
        top: the folder in the archive whose content is wanted, if there is one.
        origin: where the archive comes from, for messages.

    Raises:
        MissingAssetError: the file is no archive or a damaged one, or a member would leave the
            folder.
        OSError: the files cannot be written.
    """
    unpacked = Path(tempfile.mkdtemp(dir=folder))
    try:
        if zipfile.is_zipfile(archive):
            _unzip(archive, unpacked, origin)
        elif tarfile.is_tarfile(archive):
            _untar(archive, unpacked, origin)
        else:
            raise _unusable(origin, "it is neither a zip nor a tar archive")
    except _DAMAGED as error:
        raise _unusable(origin, str(error) or type(error).__name__) from error
    except OSError as error:
        # Decompression raises errors without a number; others come from the disk.
        if error.errno is not None and error.errno not in _CONTRADICTIONS:
            raise
        raise _unusable(origin, error.strerror or str(error)) from error
    root = unpacked / top if (unpacked / top).is_dir() else unpacked
    for path in root.iterdir():
        path.rename(folder / path.name)
    shutil.rmtree(unpacked)


def _unusable(origin: str, reason: str) -> MissingAssetError:
    return MissingAssetError(
        f"{origin} cannot be unpacked ({reason}); nothing was kept of it: check the address of the "
        "mirror if you set one"
    )


def _unzip(archive: Path, folder: Path, origin: str) -> None:
    with zipfile.ZipFile(archive) as content:
        for member in content.infolist():
            is_link = stat.S_ISLNK(member.external_attr >> 16)
            if is_link or leaves(member.filename):
                raise MissingAssetError(
                    f"{origin} has the member {member.filename!r}, which would be written outside "
                    "of its folder; nothing was kept of it"
                )
        content.extractall(folder)


def leaves(name: str) -> bool:
    """Whether a member's name leads out of the folder, on any platform."""
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    return (
        posix.is_absolute()
        or bool(windows.drive or windows.root)
        or ".." in (*posix.parts, *windows.parts)
    )


def _untar(archive: Path, folder: Path, origin: str) -> None:
    try:
        with tarfile.open(archive) as content:
            content.extractall(folder, filter="data")
            _read_on(content)
    except tarfile.FilterError as error:
        raise MissingAssetError(
            f"{origin} has a member that would be written outside of its folder ({error}); nothing "
            "was kept of it"
        ) from error


def _read_on(content: tarfile.TarFile) -> None:
    """Read what follows the last member, where the checksum of a compressed archive is."""
    assert content.fileobj is not None
    while content.fileobj.read(_CHUNK):
        pass
