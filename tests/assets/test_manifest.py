from __future__ import annotations

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from robustbert.assets.manifest import build_once, read_manifest, tree_sha256
from robustbert.errors import OutputError


def write_two(folder: Path) -> None:
    (folder / "b.txt").write_text("two")
    (folder / "a").mkdir()
    (folder / "a" / "c.txt").write_text("one")


def test_the_hash_covers_names_and_contents_in_order(tmp_path: Path) -> None:
    write_two(tmp_path)
    listing = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in [("a/c.txt", b"one"), ("b.txt", b"two")]
    )
    assert tree_sha256(tmp_path) == hashlib.sha256(listing.encode()).hexdigest()
    (tmp_path / "b.txt").rename(tmp_path / "d.txt")
    assert tree_sha256(tmp_path) != hashlib.sha256(listing.encode()).hexdigest()


def test_an_asset_is_built_once(tmp_path: Path) -> None:
    folder, calls = tmp_path / "root" / "asset", []

    def build(target: Path) -> None:
        calls.append(target)
        write_two(target)

    first = build_once(folder, "source==1", build)
    assert build_once(folder, "source==1", build) == first == read_manifest(folder)
    assert len(calls) == 1
    assert first.sha256 == tree_sha256(folder)


def test_concurrent_calls_build_once(tmp_path: Path) -> None:
    calls = []

    def build(target: Path) -> None:
        calls.append(target)
        write_two(target)

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: build_once(tmp_path / "asset", "", build), range(8)))
    assert len(calls) == 1
    assert len({manifest.sha256 for manifest in made}) == 1


def test_a_builder_that_raises_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "asset"

    def fail(target: Path) -> None:
        write_two(target)
        raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        build_once(folder, "", fail)
    assert read_manifest(folder) is None
    assert [path.name for path in tmp_path.iterdir()] in ([], [".asset.lock"])
    assert build_once(folder, "", write_two).sha256 == tree_sha256(folder)


def test_a_killed_build_is_not_complete(tmp_path: Path) -> None:
    folder = tmp_path / "asset"
    program = (
        "import os, sys; from pathlib import Path\n"
        "from robustbert.assets.manifest import build_once\n"
        "def die(target):\n"
        "    (target / 'old.txt').write_text('half'); os._exit(9)\n"
        "build_once(Path(sys.argv[1]), '', die)\n"
    )
    died = subprocess.run([sys.executable, "-c", program, str(folder)], check=False)
    assert died.returncode == 9
    assert not folder.exists()

    build_once(folder, "", write_two)
    assert not (folder / "old.txt").exists()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["asset"]


def test_a_folder_without_a_manifest_is_rebuilt(tmp_path: Path) -> None:
    folder = tmp_path / "asset"
    folder.mkdir()
    (folder / "stray.txt").write_text("?")
    build_once(folder, "", write_two)
    assert not (folder / "stray.txt").exists()


def test_unwritable_path_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="ROBUSTBERT_CACHE"):
        build_once(tmp_path / "file" / "asset", "", write_two)
