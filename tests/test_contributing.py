"""The recipes of CONTRIBUTING.md, followed word for word in a new folder."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from robustbert.cli import main

DOCUMENT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTIONS = dict(
    re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", DOCUMENT, flags=re.DOTALL | re.MULTILINE)
)
RECIPES = ("Add a dataset", "Add a recipe")


def blocks(section: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", section, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path, monkeypatch, own_cache):
    """An empty current folder on ``PYTHONPATH``; what is imported from it is forgotten again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for path in tmp_path.glob("*.py"):
        sys.modules.pop(path.stem, None)


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_a_newcomer_can_follow_it(name: str, folder: Path, capsys):
    for code in blocks(SECTIONS[name], "python"):
        file = re.match(r"# (\w+\.py)\n", code)
        assert file, f"{name}: start the code with a comment that names its file"
        (folder / file[1]).write_text(code, encoding="utf-8")
    commands = [line for block in blocks(SECTIONS[name], "bash") for line in block.splitlines()]
    assert commands
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "robustbert"
        assert main(arguments) == 0, f"{command}\n{capsys.readouterr().err}"


@pytest.mark.parametrize("name", RECIPES)
def test_it_is_short(name: str):
    assert len(SECTIONS[name].splitlines()) < 40
