"""Output files that no command of the gate may write, and reports without absolute paths."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from robustbert.cli import main
from robustbert.gate.baseline_update import update_baseline
from robustbert.io import write_text
from tests.gate.small_runs import baseline_of, small_run


@pytest.fixture
def baseline(svm_run, tmp_path, monkeypatch, capsys) -> Path:
    """A baseline in the current folder."""
    monkeypatch.chdir(tmp_path)
    assert main(["baseline", "save", svm_run.name, "--out", "b.json"]) == 0
    capsys.readouterr()
    (tmp_path / "folder").mkdir()
    (tmp_path / "same.json").symlink_to("b.json")
    return tmp_path / "b.json"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("compare b.json RUN --json b.json", "--json: b.json is an input"),
        ("compare b.json RUN --json same.json", "--json: same.json is an input"),
        ("compare b.json RUN --junit RUN/records/x.json", "is an input; give another file"),
        ("compare b.json RUN --markdown RUN/table.md", "is an input; give another file"),
        ("compare b.json RUN --markdown RUN/table.tex", "is an input; give another file"),
        ("compare b.json RUN --markdown x --json ./x", "--markdown and --json are both x"),
        ("compare b.json RUN --markdown folder", "--markdown: folder is a folder; give a file"),
        ("compare b.json RUN --markdown ", "--markdown: . is a folder; give a file"),
        ("replay --from RUN --model x --markdown x --json x", "--markdown and --json are both x"),
        ("history b.json --svg b.json", "--svg: b.json is an input"),
        ("history b.json --svg x --json x", "--svg and --json are both x"),
        ("baseline save RUN --out folder", "--out: folder is a folder"),
        ("baseline save RUN --out RUN/outcomes/x", "is an input"),
    ],
)
def test_wrong_outputs_are_refused_before_anything_is_done(
    baseline, svm_run, capsys, command, message
):
    before, files = baseline.read_bytes(), sorted(baseline.parent.iterdir())
    assert main([word.replace("RUN", svm_run.name) for word in command.split(" ")]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert (baseline.read_bytes(), sorted(baseline.parent.iterdir())) == (before, files)


def test_models_of_a_confirmation_must_exist_even_without_a_regression(baseline, svm_run, capsys):
    given = ["--confirm", "--base-model", "x", "--candidate-model", "tfidf-svm"]
    assert main(["compare", str(baseline), svm_run.name, *given]) == 2
    assert "no model folder 'x'" in capsys.readouterr().err


def test_data_that_is_given_is_read(baseline, svm_run, svm, reviews, capsys):
    Path("robustbert.toml").write_text(f'[gate.dataset.reviews]\nsource = "file:{reviews}"\n')
    given = ["--candidate-model", str(svm), "--test-file", "none.csv"]
    assert main(["compare", "--quick", str(baseline), *given]) == 2
    assert "none.csv" in capsys.readouterr().err


def test_a_device_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text(pipe, "report\n")
    assert os.read(reader, 100) == b"report\n"
    os.close(reader)
    assert pipe.is_fifo()


def test_an_accepted_baseline_has_no_absolute_path():
    earlier = baseline_of(small_run(models=("a", "b")))
    run = small_run(name="/home/me/runs/new", models=("c", "d"))
    update = update_baseline(earlier, run, accept="new models", place="/home/me/b.json")
    assert update.baseline.acceptances[0].failures == [
        "new has the rows c and d, but b.json a and b"
    ]
