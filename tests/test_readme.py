"""The README's commands and code, run word for word in a new folder."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import robustbert
from robustbert.cli import main

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def write_files(folder: Path) -> None:
    """The files that the commands read: reviews.csv, and train.csv and test.csv."""
    rows = []
    for number in range(40):
        good = number % 2
        word = "wonderful" if good else "dreadful"
        rows.append((f"film number {number} was {word} to its end", 1 + 4 * good))
    _write(folder / "reviews.csv", "review,stars", rows)
    _write(folder / "train.csv", "text,label", rows[:30])
    _write(folder / "test.csv", "text,label", rows[30:])


def _write(path: Path, header: str, rows: list[tuple[str, int]]) -> None:
    lines = [header, *(f"{text},{label}" for text, label in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.slow
def test_the_commands_of_the_readme_work(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path)
    commands = [line for block in blocks("bash") for line in block.splitlines() if line]
    assert len(commands) >= 5
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "robustbert"
        assert main(arguments) == 0, f"{command}\n{capsys.readouterr().err}"
    assert (tmp_path / "runs" / "two" / "table.md").exists()
    capsys.readouterr()
    (code,) = blocks("python")
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    result = names["result"]
    assert isinstance(result, robustbert.AttackResult)
    shown = capsys.readouterr().out
    assert shown.startswith(f"{result.accuracy_under_attack}\nbroken: ")
    assert "word-counts" in shown
    ids = [outcome.example_id for outcome in result.outcomes]
    for outcomes in robustbert.read_run(tmp_path / "runs" / "one").outcomes.values():
        assert [outcome.example_id for outcome in outcomes] == ids, "the same examples"
    (prediction,) = robustbert.classify(["dull and far too long"], model="models/svm")
    assert prediction.name == "negative"


def test_every_link_of_the_readme_resolves():
    root = Path(__file__).parents[1]
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    for link in links:
        assert link.startswith("https://") or (root / link).exists(), link


def test_every_make_target_of_the_readme_exists():
    makefile = (Path(__file__).parents[1] / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^\$ make (\w+)", README, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
