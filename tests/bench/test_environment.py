from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import pytest

from robustbert.bench import environment
from robustbert.errors import InputError


def test_has_the_versions_and_the_hardware():
    found = environment.capture_environment("cpu")
    assert found.python == platform.python_version()
    assert found.textattack == "0.3.11"
    assert found.device == "cpu"
    assert found.processor
    assert found.threads >= 1


def test_a_device_that_does_not_exist():
    with pytest.raises(InputError, match="cuda:99"):
        environment.capture_environment("cuda:99")


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=n", "-c", "user.email=e"]
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_the_commit_and_whether_files_differ_from_it(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text("")
    assert environment._is_dirty(tmp_path) is None
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    assert environment._git(tmp_path, "rev-parse", "HEAD") == git(tmp_path, "rev-parse", "HEAD")
    assert environment._is_dirty(tmp_path) is False
    (tmp_path / "pyproject.toml").write_text("changed")
    assert environment._is_dirty(tmp_path) is True
