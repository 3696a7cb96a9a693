"""Files, folders and locks; how records, assets and runs use them is tested elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from robustbert.errors import OutputError
from robustbert.io import (
    atomic_folder,
    build_folder,
    file_lock,
    output_errors,
    remove_temporary_files,
    write_bytes,
    write_text,
)


def test_a_folder_appears_only_when_it_is_complete(tmp_path):
    with atomic_folder(tmp_path / "deep" / "out") as partial:
        (partial / "a").write_text("a")
        assert not (tmp_path / "deep" / "out").exists()
    assert (tmp_path / "deep" / "out" / "a").read_text() == "a"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]


def test_a_folder_does_not_appear_if_the_block_fails(tmp_path):
    def fail_halfway() -> None:
        with atomic_folder(tmp_path / "out") as partial:
            (partial / "a").write_text("a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_not_overwritten(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(OutputError, match="already contains mine"), atomic_folder(tmp_path / "out"):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="is a file"), atomic_folder(tmp_path / "file"):
        pass


def test_disposable_names_are_removed(tmp_path):
    (tmp_path / "out" / "checkpoints").mkdir(parents=True)
    with atomic_folder(tmp_path / "out", disposable=("checkpoints",)) as partial:
        (partial / "a").touch()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]


def test_unwritable_path():
    with pytest.raises(OutputError, match=r"cannot write to /proc"), atomic_folder("/proc/no/out"):
        pass


def test_a_file_is_written_with_its_folder(tmp_path: Path):
    write_text(tmp_path / "deep" / "a.txt", "caf\u00e9 \udce9")
    assert (tmp_path / "deep" / "a.txt").read_bytes() == b"caf\xc3\xa9 \\udce9"
    write_bytes(tmp_path / "deep" / "a.txt", b"new")
    assert [path.read_bytes() for path in (tmp_path / "deep").iterdir()] == [b"new"]


def test_files_left_by_killed_processes_are_removed(tmp_path: Path):
    for name in (".0123.tmp", "kept.tmp", ".kept"):
        (tmp_path / name).touch()
    remove_temporary_files(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".kept", "kept.tmp"]


def test_an_output_error_says_what_and_why():
    with (
        pytest.raises(OutputError, match=r"^cannot write to /x \(No space\); choose another$"),
        output_errors("to /x", "choose another"),
    ):
        raise OSError(28, "No space")


def lock(path: Path, busy: str = ""):
    return file_lock(path, place="here", advice="choose another", busy=busy)


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path):
    path = tmp_path / "deep" / "lock"
    with lock(path), pytest.raises(OutputError, match="in use"), lock(path, busy="in use"):
        pass
    with lock(path, busy="in use"):
        pass


def test_a_lock_that_cannot_be_written(tmp_path: Path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "lock"
    with pytest.raises(OutputError, match=r"cannot write here .*; choose another"), lock(path):
        pass


def build(folder: Path, fail: bool = False) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "done").touch()
    if fail:
        raise ZeroDivisionError
    return "built"


def test_builds_a_folder_in_place_of_the_old_one(tmp_path: Path):
    folder, partial = tmp_path / "folder", tmp_path / "partial"
    for path in (folder, partial):
        path.mkdir()
        (path / "old").touch()
    assert build_folder(folder, partial, build, advice="") == "built"
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "done"]


@pytest.mark.parametrize("resumable", [True, False])
def test_keeps_a_failed_build_where_it_can_be_resumed(tmp_path: Path, resumable: bool):
    folder, partial = tmp_path / "folder", tmp_path / "partial"
    with pytest.raises(ZeroDivisionError):
        build_folder(
            folder,
            partial,
            lambda path: build(path, fail=True),
            advice="",
            resumable=lambda path: resumable and path.is_dir(),
        )
    assert partial.exists() == resumable
    assert not folder.exists()


def test_a_folder_that_cannot_be_replaced(tmp_path: Path):
    (tmp_path / "folder").touch()
    with pytest.raises(OutputError, match=r"cannot write .*folder .*; choose another"):
        build_folder(tmp_path / "folder", tmp_path / "partial", build, advice="choose another")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
