"""Folders that are sent to workers by their content."""

from __future__ import annotations

from pathlib import Path

import pytest

from robustbert.assets.manifest import tree_sha256
from robustbert.bench.executors.packed_folder import PackedFolder, folder_files, unpack
from robustbert.errors import ExecutorError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "given"
    (found / "sub").mkdir(parents=True)
    (found / "a.bin").write_bytes(b"\0\1")
    (found / "sub" / "b.txt").write_text("ü")
    (found / ".manifest.json").write_text("{}")
    (found / "some.lock").write_text("a file of the folder like any other")
    return found


def test_an_unpacked_folder_has_the_same_files_and_is_fetched_once(folder, tmp_path):
    fetched = []

    def fetch(files):
        fetched.append(files)
        return files

    packed = PackedFolder(tree_sha256(folder), folder_files(folder))
    target = tmp_path / "cache" / "model"
    for _ in range(2):
        assert unpack(packed, target, fetch) == target
    assert folder_files(target) == packed.files
    assert sorted(packed.files) == [".manifest.json", "a.bin", "some.lock", "sub/b.txt"]
    assert len(fetched) == 1


def test_a_damaged_folder_is_refused_and_nothing_is_left(folder, tmp_path):
    files = folder_files(folder) | {"a.bin": b"other"}
    target = tmp_path / "cache" / "model"
    with pytest.raises(ExecutorError, match="model arrived damaged: its hash is"):
        unpack(PackedFolder(tree_sha256(folder), files), target, lambda found: found)
    assert not target.exists()
    assert not list(target.parent.glob(".unpacking*"))
