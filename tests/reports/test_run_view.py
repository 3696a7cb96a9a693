"""``robustbert show``: the texts of a run folder."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from robustbert.cli import main
from robustbert.records import (
    Status,
    record_name,
    record_path,
    without_texts,
    write_record,
)
from tests.records.builders import add_cell, make_outcome, make_outcomes, make_record
from tests.reports.test_outcome_views import HOSTILE, without_colors

OUTCOMES = make_outcomes(skipped=1, robust=2, broken=3, exhausted=1, error=1)
RESULTS = Path(__file__).parents[2] / "results"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Four cells: two recipes, a model with and without a defense, and another model."""
    add_cell(tmp_path, OUTCOMES, model="mini", recipe="pwws")
    add_cell(tmp_path, OUTCOMES, model="mini", recipe="textfooler")
    add_cell(tmp_path, OUTCOMES, model="mini", recipe="pwws", defense="adv")
    return add_cell(tmp_path, make_outcomes(robust=4), model="svm", recipe="pwws")


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]):
    def show(*arguments: object) -> str:
        assert main(["show", *map(str, arguments)]) == 0
        written = capsys.readouterr()
        assert written.err == ""
        return written.out

    return show


@pytest.fixture
def error_of(capsys: pytest.CaptureFixture[str]):
    def show(*arguments: object) -> str:
        assert main(["show", *map(str, arguments)]) == 2
        written = capsys.readouterr()
        assert written.out == ""
        assert written.err.count("\n") == 1
        return written.err

    return show


def headings(page: str) -> list[str]:
    return [line for line in page.splitlines() if line.startswith("===")]


def test_broken_examples_of_each_cell_are_shown_by_default(run: Path, shown) -> None:
    page = shown(run)
    assert headings(page) == [
        "=== rotten_tomatoes, mini + adv, unified track, pwws: status broken: 3 of 8 examples",
        "=== rotten_tomatoes, mini, unified track, pwws: status broken: 3 of 8 examples",
        "=== rotten_tomatoes, mini, unified track, textfooler: status broken: 3 of 8 examples",
        "=== rotten_tomatoes, svm, unified track, pwws: status broken: 0 of 4 examples",
    ]
    assert page.count("  original     a [[fine]] film\n  adversarial  a [[fin]] film\n") == 9
    assert page.count("broken: positive → negative") == 9
    assert "robust" not in page


@pytest.mark.parametrize(
    ("options", "cells", "examples"),
    [
        (("--recipe", "textfooler"), 1, 3),
        (("--model", "svm"), 1, 0),
        (("--model", "mini"), 2, 6),  # the row, not its defended version
        (("--model", "mini + adv"), 1, 3),
        (("--model", "mini", "--recipe", "pwws", "-n", "2"), 1, 2),
        (("--dataset", "rotten_tomatoes", "-n", "1"), 4, 3),
        (("--status", "error"), 4, 3),
        (("--status", "robust"), 4, 10),
        (("--status", "all", "--model", "mini"), 2, 16),
    ],
)
def test_selection(run: Path, shown, options, cells: int, examples: int) -> None:
    page = shown(run, *options)
    assert len(headings(page)) == cells
    assert page.count("(example ") == examples


def test_a_model_name_selects_defended_rows_if_no_row_has_this_label(tmp_path, shown) -> None:
    add_cell(tmp_path, OUTCOMES, model="mini", defense="adv")
    assert "mini + adv" in shown(tmp_path, "--model", "mini")


def test_a_limit_is_mentioned(run: Path, shown) -> None:
    assert "status broken: 3 of 8 examples, 2 shown" in shown(run, "-n", 2, "--model", "mini + adv")


def test_nothing_to_show(tmp_path: Path, shown) -> None:
    add_cell(tmp_path, make_outcomes(robust=4))
    page = shown(tmp_path)
    assert page.splitlines()[1:] == ["No example has the status broken; see --status."]


def test_classes_have_numbers_if_their_names_are_unknown(tmp_path: Path, shown) -> None:
    record = make_record(OUTCOMES)
    dataset = record.dataset.model_copy(update={"label_names": None})
    add_cell(tmp_path, OUTCOMES)
    path = record_path(tmp_path, record_name(record))
    write_record(record.model_copy(update={"dataset": dataset}), path)
    assert "broken: class 1 → class 0" in shown(tmp_path)


class TestErrors:
    """One line and exit code 2."""

    def test_names_that_the_run_does_not_have(self, run: Path, error_of) -> None:
        assert "recipe 'x'; it has pwws and textfooler" in error_of(run, "--recipe", "x")
        assert "it has mini + adv, mini and svm" in error_of(run, "--model", "x")
        assert "it has rotten_tomatoes" in error_of(run, "--dataset", "x")
        assert "it has pwws" in error_of(run, "--model", "svm", "--recipe", "textfooler")

    def test_an_unknown_status(self, run: Path, error_of) -> None:
        line = error_of(run, "--status", "x")
        assert all(f"'{status}'" in line for status in (*get_args(Status), "all"))

    def test_a_limit_of_zero(self, run: Path, error_of) -> None:
        assert "--num-examples is 0" in error_of(run, "-n", 0)

    def test_no_run(self, tmp_path: Path, error_of) -> None:
        assert "is not a run folder" in error_of(tmp_path / "nothing")

    @pytest.mark.parametrize("status", ["broken", "all"])
    def test_no_texts(self, tmp_path: Path, error_of, status: str) -> None:
        add_cell(tmp_path, without_texts(OUTCOMES))
        assert "contain no texts" in error_of(tmp_path, "--status", status)

    def test_committed_results(self, error_of) -> None:
        assert "contain no texts" in error_of(RESULTS / "imdb", "--recipe", "pwws")


def test_hostile_texts_and_names(tmp_path: Path, shown) -> None:
    texts = (*HOSTILE, "lone \ud800 surrogate")
    outcomes = [
        make_outcome(f"e{i}", "broken", text=f"a {text}", adversarial_text=f"b {text}")
        for i, text in enumerate(texts)
    ]
    add_cell(tmp_path, outcomes, model="[red]\x1b[31mm", recipe="<b>\u202ex")
    page = shown(tmp_path)
    assert all(line.isprintable() for line in page.splitlines())
    assert r"[red]\x1b[31mm, unified track, <b>\u202ex" in page
    assert page.count("  original ") == len(texts)


@pytest.mark.parametrize(
    ("environment", "colored"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colors_on_a_terminal(tmp_path: Path, environment, colored: bool) -> None:
    """Run the command on a pseudo-terminal."""
    add_cell(tmp_path, OUTCOMES)
    parent, child = pty.openpty()
    defaults = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    done = subprocess.run(
        [sys.executable, "-m", "robustbert.cli", "show", str(tmp_path), "-n", "1"],
        stdout=child,
        env={**defaults, "TERM": "xterm", **environment},
        check=True,
    )
    os.close(child)
    page = os.read(parent, 100_000).decode().replace("\r\n", "\n")
    os.close(parent)
    assert done.returncode == 0
    assert ("\x1b[1;4;31mfine\x1b[0m" in page) == colored
    assert ("[[fine]]" in page) != colored
    assert "a fine film" in without_colors(page).replace("[[", "").replace("]]", "")
