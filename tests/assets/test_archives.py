from __future__ import annotations

import io
import stat
import tarfile
import zipfile
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
    unpack_archive(archive_of(tmp_path, content), folder, top="asset", name="plain")
    assert names(folder) == ["a", "b/c"]


def test_an_archive_without_a_top_folder(tmp_path: Path, folder: Path) -> None:
    content = tar_of([tarfile.TarInfo("./saved_model.pb"), tarfile.TarInfo("./variables/v")])
    unpack_archive(archive_of(tmp_path, content), folder, top="asset", name="plain")
    assert names(folder) == ["saved_model.pb", "variables/v"]


def test_a_file_that_is_no_archive_is_copied(tmp_path: Path, folder: Path) -> None:
    unpack_archive(archive_of(tmp_path, b"\x80\x04."), folder, top="asset", name="plain.pkl")
    assert (folder / "plain.pkl").read_bytes() == b"\x80\x04."


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/tmp/out", "..\\out", "C:\\out"])
def test_a_member_of_a_zip_that_leaves_the_folder(name: str, tmp_path: Path, folder: Path) -> None:
    archive = archive_of(tmp_path, zip_of_files({"a": b"1", name: b"2"}))
    with pytest.raises(MissingAssetError, match="outside of its folder; nothing was kept"):
        unpack_archive(archive, folder, top="asset", name="plain")
    assert names(tmp_path) == ["archive"]


def test_a_link_in_a_zip(tmp_path: Path, folder: Path) -> None:
    buffer = io.BytesIO()
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(buffer, "w") as content:
        content.writestr(link, "/etc")
    with pytest.raises(MissingAssetError, match="outside of its folder"):
        unpack_archive(archive_of(tmp_path, buffer.getvalue()), folder, top="a", name="b")


def test_members_of_a_tar_that_leave_the_folder(tmp_path: Path, folder: Path) -> None:
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc"
    for member in (tarfile.TarInfo("../out"), link):
        archive = archive_of(tmp_path, tar_of([tarfile.TarInfo("a"), member]))
        target = folder / member.name.replace("/", "-")
        target.mkdir()
        with pytest.raises(MissingAssetError, match="outside of its folder"):
            unpack_archive(archive, target, top="asset", name="plain")
        assert not (folder / "out").exists()


def test_a_damaged_archive(tmp_path: Path, folder: Path) -> None:
    content = bytearray(zip_of_files({"a": b"1" * 1000}))
    content[100] ^= 255
    with pytest.raises(MissingAssetError, match=r"cannot be unpacked \(.*CRC"):
        unpack_archive(archive_of(tmp_path, bytes(content)), folder, top="asset", name="plain")
