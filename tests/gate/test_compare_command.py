"""``robustbert compare``: its runs, its settings and its exit codes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from robustbert.cli import main
from robustbert.records import write_baseline
from tests.gate.small_runs import baseline_of, small_run, write_run

GOOD, BAD = {"broken": 20, "robust": 80}, {"broken": 40, "robust": 60}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with two runs: ``good`` and ``bad``, 20 points lower."""
    monkeypatch.chdir(tmp_path)
    write_run(Path("good"), **GOOD)
    write_run(Path("bad"), **BAD)
    return tmp_path


def configure(text: str) -> None:
    Path("robustbert.toml").write_text(f"[gate]\n{text}", encoding="utf-8")


def test_a_run_passes_against_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "good", "good"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("PASSED")
    assert shown.err == ""


def test_a_regression_exits_with_1_and_writes_every_report(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = ["--markdown", "new/a.md", "--junit", "new/a.xml", "--json", "new/a.json"]
    assert main(["compare", "good", "bad", *files]) == 1
    assert capsys.readouterr().out.startswith("FAILED")
    assert json.loads(Path("new/a.json").read_text())["exit_code"] == 1
    assert "FAILED" in Path("new/a.md").read_text()
    assert "<failure" in Path("new/a.xml").read_text()


@pytest.mark.parametrize("runs", [["good", "bad"], ["bad", "good"]])
def test_a_run_with_unfinished_cells_is_refused_unless_cells_may_be_missing(
    runs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad/outcomes/imdb--mini--none--unified--iga.123456789abc.partial").touch()
    assert main(["compare", *runs]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "bad has 1 unfinished cell, such as imdb--mini--none--unified--iga" in shown.err
    assert main(["compare", *runs, "--allow", "missing"]) == (1 if runs[1] == "bad" else 0)


def test_an_improvement_passes() -> None:
    assert main(["compare", "bad", "good"]) == 0


def test_other_conditions_exit_with_2_and_say_what_to_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_run(Path("other"), **GOOD, profile="canonical")
    assert main(["compare", "good", "other"]) == 2
    shown = capsys.readouterr()
    assert shown.out.startswith("NOT COMPARABLE")
    assert shown.err.endswith("or allow it with --allow assets\n")
    assert shown.err.count("\n") == 1
    assert main(["compare", "good", "other", "--allow", "assets"]) == 0


def test_runs_without_a_common_cell_are_not_comparable(capsys: pytest.CaptureFixture[str]) -> None:
    write_run(Path("other"), **GOOD, recipe="textfooler")
    assert main(["compare", "good", "other", "--allow", "missing"]) == 2
    assert "nothing was compared" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "0 runs given"),
        ("good", "1 run given"),
        ("good good bad", "3 runs given"),
        ("good nowhere", "nowhere does not exist"),
        ("good good --base-row other", "good has no row 'other'; it has minilm"),
        ("good good --allow moon", "unknown difference 'moon'"),
        ("good good --max-drop 2", "max_drop is 2.0"),
        ("good good --alpha nan", "alpha is nan"),
        ("good good --config nowhere.toml", "cannot read configuration nowhere.toml"),
    ],
)
def test_wrong_use_exits_with_2_and_one_line(
    given: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *given.split()]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert message in shown.err


def test_the_base_is_the_baseline_of_the_table_unless_one_is_given() -> None:
    write_baseline(baseline_of(small_run(skipped=0, **GOOD)), Path("kept.json"))
    configure('baseline = "kept.json"')
    assert main(["compare", "bad"]) == 1
    assert main(["compare", "bad", "bad"]) == 0


@pytest.mark.parametrize(
    ("table", "options", "code"),
    [
        ("max_drop = 0.3", "", 0),
        ("max_drop = 0.3", "--max-drop 0.1", 1),
        ("alpha = 1e-9", "", 0),
        ("alpha = 1e-9", "--alpha 0.05", 1),
        ('max_drop = 0.3\n[[gate.rules]]\nrecipe = "pwws"\nmax_drop = 0.1', "", 1),
        ('[[gate.rules]]\nrecipe = "pwws"\nmax_drop = 0.3', "--max-drop 0.01", 0),
        ('[[gate.rules]]\nrecipe = "clean"\nmax_drop = 0.3', "", 1),
    ],
)
def test_options_override_the_table_but_not_its_rules(table: str, options: str, code: int) -> None:
    configure(table)
    assert main(["compare", "good", "bad", *options.split()]) == code


def test_strict_fails_a_run_with_few_examples() -> None:
    assert main(["compare", "good", "good", "--strict"]) == 1
    configure("strict = true")
    assert main(["compare", "good", "good"]) == 1
    assert main(["compare", "good", "good", "--no-strict"]) == 0


def test_options_add_to_the_differences_that_the_table_allows() -> None:
    write_run(Path("other"), **GOOD, profile="canonical", seed=3)
    configure('allow = ["assets"]')
    assert main(["compare", "good", "other"]) == 2
    assert main(["compare", "good", "other", "--allow", "seed"]) == 0


def test_a_report_that_cannot_be_written_is_an_error_after_the_table(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The result of attacks that took hours is not lost."""
    Path("file").touch()
    assert main(["compare", "good", "bad", "--markdown", "file/a.md"]) == 2
    shown = capsys.readouterr()
    assert shown.out.startswith("FAILED")
    assert "cannot write file/a.md" in shown.err


@pytest.mark.parametrize(("candidate", "code"), [("good", 0), ("bad", 1)])
def test_a_closed_pipe_does_not_change_the_verdict(
    candidate: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in ``robustbert compare ... | head -1`` under ``set -o pipefail``."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as output:
        monkeypatch.setattr(sys, "stdout", output)
        assert main(["compare", "good", candidate, "--json", "a.json"]) == code
    assert Path("a.json").exists()
