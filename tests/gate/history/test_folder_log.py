"""The versions of all files of a folder, compared with the log of each file alone."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from robustbert.errors import InputError
from robustbert.gate.history.folder_log import read_folder_log
from robustbert.gate.history.git_log import read_file_log
from robustbert.records import published_records

ROOT = Path(__file__).parents[3]
Git = Callable[..., None]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """Run git in ``tmp_path``, which is a new repository."""

    def run(*arguments: str) -> None:
        names = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "core.hooksPath=")
        subprocess.run(["git", "-C", str(tmp_path), *names, *arguments], check=True)

    run("init", "--quiet", "--initial-branch=main")
    return run


def commit(git: Git, subject: str) -> None:
    git("add", "--all")
    git("commit", "--quiet", "--allow-empty-message", "--message", subject)


def versions(folder: Path, name: str) -> list[tuple[str, bytes | None]]:
    path = PurePosixPath(name)
    return [(v.subject, v.content) for v in read_folder_log(folder, [path]).versions[path]]


def test_a_renamed_file_is_followed_and_a_mere_rename_left_out(tmp_path: Path, git: Git) -> None:
    folder = tmp_path / "results"
    (folder / "old").mkdir(parents=True)
    for name in "ab":
        (folder / "old" / name).write_text(f"{name}1\n" * 20)
    commit(git, "first")
    (folder / "old" / "a").write_text("a2\n" * 20)
    commit(git, "")
    git("mv", "results/old", "results/new \u00fc")
    commit(git, "move")
    (folder / "new \u00fc" / "b").write_text("b3\n" * 20)
    (tmp_path / "unrelated").write_text("x")
    commit(git, "last")
    a, b = (versions(folder, f"new \u00fc/{name}") for name in "ab")
    assert a == [("first", b"a1\n" * 20), ("", b"a2\n" * 20)]
    assert b == [("first", b"b1\n" * 20), ("last", b"b3\n" * 20)]


def test_a_removed_file_and_one_that_takes_a_name_again(tmp_path: Path, git: Git) -> None:
    for number, content in enumerate(["one", None, "two"]):
        file = tmp_path / "a"
        file.write_text(content) if content else file.unlink()
        commit(git, str(number))
    assert versions(tmp_path, "a") == [("2", b"two")]
    (tmp_path / "a").unlink()
    commit(git, "3")
    assert versions(tmp_path, "a") == [("2", b"two"), ("3", None)]


def test_a_merge_is_one_commit(tmp_path: Path, git: Git) -> None:
    (tmp_path / "a").write_text("1")
    commit(git, "first")
    git("switch", "--quiet", "--create", "side")
    for number in "23":
        (tmp_path / "a").write_text(number)
        commit(git, f"side {number}")
    git("switch", "--quiet", "main")
    git("merge", "--quiet", "--no-ff", "--message", "merge", "side")
    assert versions(tmp_path, "a") == [("first", b"1"), ("merge", b"3")]


def test_files_without_a_commit_have_no_versions(tmp_path: Path, git: Git) -> None:
    (tmp_path / "a").write_text("1")
    assert versions(tmp_path, "a") == []
    commit(git, "first")
    (tmp_path / "b").write_text("1")
    log = read_folder_log(tmp_path, [PurePosixPath("a"), PurePosixPath("b")])
    assert log.versions[PurePosixPath("b")] == ()
    assert len(log.commits) == 1
    assert not log.is_shallow


def test_outside_of_a_repository(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not in a git repository"):
        read_folder_log(tmp_path, [])


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_agrees_with_the_log_of_each_file_of_the_committed_results() -> None:
    """``git log --follow`` is another implementation: it searches renames file by file."""
    folder = ROOT / "results"
    paths = [PurePosixPath(p.relative_to(folder)) for p in published_records(folder)]
    log = read_folder_log(folder, paths)
    for path in paths[::23]:
        alone = read_file_log(folder / path, 100).versions
        assert [v.commit for v in log.versions[path]] == [v.commit for v in alone]
        assert [v.content for v in log.versions[path]] == [v.content for v in alone]
