"""``robustbert card``: rows, files and messages."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from robustbert.cli import main
from robustbert.records import read_run, record_name
from robustbert.reports.card.card_document import MARKER
from tests.leaderboard.published import published, write_published
from tests.records.builders import add_cell, make_outcomes


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network is used")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of two models, ``minilm`` and ``svm``."""
    outcomes = make_outcomes(robust=2, broken=1)
    for model in ("minilm", "svm"):
        add_cell(tmp_path / "run", outcomes, model=model)
    return tmp_path / "run"


def test_it_prints_the_card_of_a_row(run, capsys):
    assert main(["card", str(run), "--row", "svm"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("---\n")
    assert "\n# svm\n" in printed


def test_it_warns_of_unfinished_cells(run, capsys):
    (run / "outcomes" / "a--b--none--unified--pwws.0a1b.partial").write_text("")
    assert main(["card", str(run), "--row", "svm"]) == 0
    assert "has 1 unfinished cell, which the card leaves out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "has several rows; choose one with --row: minilm, svm"),
        (["--row", "x"], "has no row 'x'; it has minilm and svm"),
        (["--row", "svm", "--dataset", "x"], "svm has no results on 'x'; it has rotten_tomatoes"),
        (["--row", "svm", "--out", "."], "--out: . is a folder; give a file"),
    ],
)
def test_wrong_use_is_one_line(run, arguments, message, capsys):
    assert main(["card", str(run), *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_folder_without_results_is_refused(tmp_path, capsys):
    assert main(["card", str(tmp_path)]) == 2
    assert "is not a run folder" in capsys.readouterr().err
    (tmp_path / "records").mkdir()
    assert main(["card", str(tmp_path)]) == 2
    assert "has no finished cell" in capsys.readouterr().err


def test_published_results_have_a_card_too(run, tmp_path, capsys):
    results = tmp_path / "results"
    read = read_run(run)
    write_published((published(r, read.outcomes[record_name(r)]) for r in read.records), results)
    cards = []
    for folder in (run, results, results / "rotten_tomatoes"):
        assert main(["card", str(folder), "--row", "svm"]) == 0
        cards.append(capsys.readouterr().out)
    assert len(set(cards)) == 1


def test_only_a_card_is_replaced_unless_forced(run, tmp_path, capsys):
    out = tmp_path / "new" / "README.md"
    command = ["card", str(run), "--row", "svm", "--out", str(out)]
    assert main(command) == 0
    made = out.read_text(encoding="utf-8")
    assert MARKER in made
    out.write_text(made.replace("# svm", "# mine"), encoding="utf-8")
    assert main(command) == 0
    assert out.read_text(encoding="utf-8") == made
    out.write_bytes(b"# My own \xff README\n")
    assert main(command) == 2
    assert "was not made by robustbert card" in capsys.readouterr().err
    assert out.read_bytes() == b"# My own \xff README\n"
    assert main([*command, "--force"]) == 0
    assert out.read_text(encoding="utf-8") == made
