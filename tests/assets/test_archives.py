from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from robustbert.assets.archives import unpack_archive
from robustbert.errors import MissingAssetError
from tests.asset_server import zip_of_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "outer" / "folder"
    folder.mkdir(parents=True)
    return folder


def archive_of(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "archive"
    path.write_bytes(content)
    return path


def tar_of(members: list[tarfile.TarInfo], content: bytes = b"x") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for member in members:
            if member.isfile():
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content) if member.isfile() else None)
    return buffer.getvalue()


def names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_the_top_folder_of_an_archive_is_left_out(tmp_path: Path, folder: Path) -> None:
    content = zip_of_files({"asset/a": b"1", "asset/b/c": b"2", "__MACOSX/x": b""})
    unpack_archive(archive_of(tmp_path, content), folder, top="asset", origin="it")
    assert names(folder) == ["a", "b/c"]


def test_an_archive_without_a_top_folder(tmp_path: Path, folder: Path) -> None:
    content = tar_of([tarfile.TarInfo("./saved_model.pb"), tarfile.TarInfo("./variables/v")])
    unpack_archive(archive_of(tmp_path, content), folder, top="asset", origin="it")
    assert names(folder) == ["saved_model.pb", "variables/v"]


@pytest.mark.parametrize("content", [b"", b"not an archive", zip_of_files({"a": b"1" * 99})[:-9]])
def test_a_file_that_is_no_archive(content: bytes, tmp_path: Path, folder: Path) -> None:
    with pytest.raises(MissingAssetError, match="neither a zip nor a tar archive"):
        unpack_archive(archive_of(tmp_path, content), folder, top="asset", origin="it")


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/tmp/out", "..\\out", "C:\\out"])
def test_a_member_of_a_zip_that_leaves_the_folder(name: str, tmp_path: Path, folder: Path) -> None:
    archive = archive_of(tmp_path, zip_of_files({"a": b"1", name: b"2"}))
    with pytest.raises(MissingAssetError, match="outside of its folder; nothing was kept"):
        unpack_archive(archive, folder, top="asset", origin="it")
    assert names(tmp_path) == ["archive"]


def test_a_link_in_a_zip(tmp_path: Path, folder: Path) -> None:
    buffer = io.BytesIO()
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(buffer, "w") as content:
        content.writestr(link, "/etc")
    with pytest.raises(MissingAssetError, match="outside of its folder"):
        unpack_archive(archive_of(tmp_path, buffer.getvalue()), folder, top="a", origin="it")


def test_members_of_a_tar_that_leave_the_folder(tmp_path: Path, folder: Path) -> None:
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc"
    for member in (tarfile.TarInfo("../out"), link):
        archive = archive_of(tmp_path, tar_of([tarfile.TarInfo("a"), member]))
        target = folder / member.name.replace("/", "-")
        target.mkdir()
        with pytest.raises(MissingAssetError, match="outside of its folder"):
            unpack_archive(archive, target, top="asset", origin="it")
        assert not (folder / "out").exists()


def test_a_damaged_archive(tmp_path: Path, folder: Path) -> None:
    content = bytearray(zip_of_files({"a": b"1" * 1000}))
    content[100] ^= 255
    with pytest.raises(MissingAssetError, match=r"cannot be unpacked \(.*CRC"):
        unpack_archive(archive_of(tmp_path, bytes(content)), folder, top="asset", origin="it")


def test_a_damaged_checksum_of_a_compressed_tar(tmp_path: Path, folder: Path) -> None:
    content = bytearray(tar_of([tarfile.TarInfo("a")], b"1" * 1000))
    content[-5] ^= 255  # before the length, which comes last
    with pytest.raises(MissingAssetError, match=r"cannot be unpacked \(CRC check failed"):
        unpack_archive(archive_of(tmp_path, bytes(content)), folder, top="asset", origin="it")


@pytest.mark.parametrize("compression", ["gz", "bz2", "xz", "zip", "zip-bz2", "zip-xz"])
def test_every_damage_is_reported_or_harmless(
    compression: str, tmp_path: Path, folder: Path
) -> None:
    whole = compressed(compression, {"a": os.urandom(300), "b": b"1" * 3000})
    refused = 0
    for place in range(0, len(whole), max(1, len(whole) // 80)):
        content = bytearray(whole)
        content[place] ^= 255
        target = folder / str(place)
        target.mkdir()
        try:
            unpack_archive(archive_of(tmp_path, bytes(content)), target, top="asset", origin="it")
        except MissingAssetError:
            refused += 1
    assert refused > 20


def compressed(kind: str, files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    if kind.startswith("zip"):
        methods = {"bz2": zipfile.ZIP_BZIP2, "xz": zipfile.ZIP_LZMA}
        method = methods.get(kind.partition("-")[2], zipfile.ZIP_DEFLATED)
        with zipfile.ZipFile(buffer, "w", method) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return buffer.getvalue()
    with tarfile.open(fileobj=buffer, mode=f"w:{kind}") as packed:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def test_an_encrypted_zip(tmp_path: Path, folder: Path) -> None:
    content = bytearray(zip_of_files({"a": b"1" * 100}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    with pytest.raises(MissingAssetError, match=r"cannot be unpacked \(.*encrypted"):
        unpack_archive(archive_of(tmp_path, bytes(content)), folder, top="asset", origin="it")


@pytest.mark.parametrize("second", ["a/b", "a" * 300])
@pytest.mark.parametrize("pack", [zip_of_files, lambda files: compressed("gz", files)])
def test_members_that_no_folder_can_have(
    second: str, pack: Callable[[dict[str, bytes]], bytes], tmp_path: Path, folder: Path
) -> None:
    archive = archive_of(tmp_path, pack({"a": b"1", second: b"2"}))
    with pytest.raises(MissingAssetError, match="cannot be unpacked"):
        unpack_archive(archive, folder, top="asset", origin="it")


def test_a_member_may_have_any_name(tmp_path: Path, folder: Path) -> None:
    content = zip_of_files({".unpacked/a": b"1", "b": b"2"})
    unpack_archive(archive_of(tmp_path, content), folder, top="asset", origin="it")
    assert names(folder) == [".unpacked/a", "b"]
