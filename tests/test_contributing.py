"""The recipes of CONTRIBUTING.md, followed word for word in a new folder."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest

from robustbert import registry
from robustbert.cli import main
from robustbert.data import load_dataset
from robustbert.defenses import make_defense
from robustbert.records import Run, read_run

DOCUMENT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTIONS = dict(
    re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", DOCUMENT, flags=re.DOTALL | re.MULTILINE)
)
RECIPES = ("Add a dataset", "Add a recipe", "Add a defense")


def blocks(section: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", section, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path, monkeypatch, own_cache):
    """An empty working folder on ``PYTHONPATH``; modules imported from it are unloaded again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for path in tmp_path.glob("*.py"):
        sys.modules.pop(path.stem, None)


def follow(name: str, folder: Path) -> Run:
    """Write the files of a section, run its commands, and read the run that they leave."""
    for code in blocks(SECTIONS[name], "(?:python|toml)"):
        file = re.match(r"# (\w+\.\w+)\n", code)
        assert file, "start the code with a comment that names its file"
        (folder / file[1]).write_text(code, encoding="utf-8")
    commands = [line for block in blocks(SECTIONS[name], "bash") for line in block.splitlines()]
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "robustbert"
        assert main(arguments) == 0, command
    (run,) = (folder / "runs").iterdir()
    return read_run(run)


@pytest.mark.slow
def test_a_dataset(folder: Path):
    run = follow("Add a dataset", folder)
    dataset = load_dataset("my_reviews:openings")
    assert dataset.cleaning.rows == 500
    assert [record.dataset.sha256 for record in run.records] == [dataset.sha256()]


@pytest.mark.slow
def test_a_recipe(folder: Path):
    run = follow("Add a recipe", folder)
    assert [record.recipe.name for record in run.records] == ["my_attack:SwappedLetters"]
    (outcomes,) = run.outcomes.values()
    broken = [outcome for outcome in outcomes if outcome.status == "broken"]
    assert broken
    for outcome in broken:  # the same letters in another order
        assert outcome.adversarial_text != outcome.text
        assert sorted(outcome.adversarial_text) == sorted(outcome.text)


@pytest.mark.slow
def test_a_defense(folder: Path):
    plain, defended = sorted(follow("Add a defense", folder).records, key=lambda r: r.defenses)
    assert plain.defenses == []
    assert [(d.name, d.params) for d in defended.defenses] == [
        ("my_defense:WordDropout", {"share": 0.2})
    ]
    assert plain.model.sha256 != defended.model.sha256


def test_a_defense_of_a_package(folder: Path, capsys):
    for code in blocks(SECTIONS["Add a defense"], "(?:python|toml)"):
        (folder / code.split()[1]).write_text(code, encoding="utf-8")
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    ((group, names),) = project["project"]["entry-points"].items()
    installed = folder / "my_package-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    lines = [f"[{group}]", *(f"{name} = {value}" for name, value in names.items())]
    (installed / "entry_points.txt").write_text("\n".join(lines))
    registry._entry_points.cache_clear()
    try:
        assert make_defense("word-dropout", {"share": 0.2}).params() == {"share": 0.2}
        assert main(["list", "defenses"]) == 0
    finally:
        registry._entry_points.cache_clear()
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["word-dropout", "Wei", "and", "Zou", "2019", "training_rows", "1", "1", "1"] in rows


@pytest.mark.parametrize("name", RECIPES)
def test_it_is_short(name: str):
    assert len(SECTIONS[name].strip().splitlines()) < 40
