"""The commands and the table of explanations in docs/understanding.md."""

from __future__ import annotations

import dataclasses
import re
import shlex
import shutil
import tomllib
from pathlib import Path

import pytest

import robustbert
from robustbert.cli import _parser, main
from robustbert.explanations import EXPLAINERS, Attribution, make_explainer
from robustbert.explanations.attribution_change import AttributionChange
from tests.reports.attributions.explained_runs import write_explained_run
from tests.tiny import make_tiny_bert

PAGE = (Path(__file__).parents[1] / "docs" / "understanding.md").read_text(encoding="utf-8")
PART = PAGE.partition("## Explain predictions")[2].partition("\n## ")[0]
ROWS = re.findall(
    r"^\| `([\w-]+)` \| ?`?([^|]*?)`? ?\| ([^|]*) \|[^|]*\|[^|]*\|$", PART, re.MULTILINE
)
#: Commands that take minutes on real data; the test makes what they would.
SLOW = ("train", "attack")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PART, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path, monkeypatch, svm):
    """Small models and a run under the names of the page."""
    monkeypatch.chdir(tmp_path)
    make_tiny_bert(tmp_path / "models" / "minilm", label_names=("negative", "positive"))
    shutil.copytree(svm, tmp_path / "models" / "svm")
    write_explained_run(tmp_path / "runs" / "reviews", robustbert.load_model("models/minilm"))
    return tmp_path


def test_the_commands_work(folder, capsys):
    commands = [line for block in blocks("bash") for line in block.splitlines()]
    run = [shlex.split(command) for command in commands]
    assert {arguments[1] for arguments in run} == {"train", "attack", "explain", "explore"}
    for program, *arguments in run:
        assert program == "robustbert"
        if arguments[0] not in SLOW:
            assert main(arguments) == 0, f"{arguments}\n{capsys.readouterr().err}"
    assert (folder / "explained.svg").exists()
    assert (folder / "explore.html").exists()
    (code,) = blocks("python")
    names: dict[str, object] = {}
    exec(compile(code, "understanding.md", "exec"), names)
    assert names["found"].words == ("a", "charming", "film")


def test_commands_on_detectors_and_audits_can_be_given_one_after_the_other():
    rest = PAGE.partition("## Detect adversarial texts")[2]
    commands = [shlex.split(line) for line in re.findall(r"^robustbert (.+)$", rest, re.MULTILINE)]
    assert [command[0] for command in commands] == [
        *("attack", "detect", "attack", "audit", "audit")
    ]
    written: list[Path] = []
    for command in commands:
        options = _parser().parse_args(command)
        if command[0] == "attack":
            assert options.out not in written
            written.append(options.out)
        else:
            assert written[-1] in vars(options).values()


def test_every_method_is_in_the_table_with_its_defaults():
    assert [name for name, *_ in ROWS] == [entry.name for entry in EXPLAINERS.built_in()]
    for name, parameters, paper in ROWS:
        method = make_explainer(name, {})
        assert tomllib.loads(f"row = {{ {parameters} }}")["row"] == method.params()
        assert paper == method.paper


def test_every_field_of_the_json_lines_is_documented():
    table = PART.partition("| field | contents |")[2]
    documented = set(re.findall(r"`(\w+)`", table))
    for kind in (Attribution, AttributionChange):
        assert {field.name for field in dataclasses.fields(kind)} <= documented
    assert {"source", "change"} <= documented
