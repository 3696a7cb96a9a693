"""``robustbert pretrain``, and its folder in other commands."""

from __future__ import annotations

from pathlib import Path

import pytest

import robustbert
from robustbert.cli import main
from tests.training.pretraining.conftest import make_documents

QUICK = ["--steps", "2", "--batch-size", "4", "--max-length", "32", "--device", "cpu"]


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(["pretrain", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "films.txt"
    path.write_text("\n\n".join(make_documents(12)) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def options(tiny_base, texts, tmp_path):
    return ["--model", tiny_base, "--out", tmp_path / "out", "--texts", texts, *QUICK]


def test_a_file_of_documents(capsys, options, tmp_path):
    code, out, _ = run(capsys, *options, "--objectives", "nsp,mlm", "--held-out", "0.25")
    assert code == 0
    lines = out.splitlines()
    assert [line.partition(":")[0] for line in lines[:3]] == [
        "held-out masked accuracy",
        "held-out perplexity of masked tokens",
        "held-out next sentence accuracy",
    ]
    assert all("; before: " in line and "[" in line for line in lines[:3])
    assert lines[3].endswith(f"the pre-trained base is in {tmp_path / 'out'}")
    from robustbert.training import read_pretraining

    assert read_pretraining(tmp_path / "out").objectives == ("mlm", "nsp")
    assert main(["predict", "--model", str(tmp_path / "out"), "a good film"]) == 2
    error = capsys.readouterr().err
    assert "is not a trained sequence classifier" in error
    assert "robustbert train --model" in error
    assert error.count("\n") == 1


def test_a_table_besides_a_dataset_of_files(reviewed, options, texts, monkeypatch):
    """``--text-column`` is about the table, unless the dataset has columns, too."""
    from robustbert.commands import pretrain_command
    from robustbert.data import DatasetSource

    made = []
    monkeypatch.setattr("robustbert.training.pretrain", lambda *a, **k: made.append((a, k)))
    monkeypatch.setattr(pretrain_command, "_print", lambda made: None)
    monkeypatch.setattr(DatasetSource, "load", lambda self: self)
    table = texts.with_suffix(".csv")
    table.write_text("body\nOne film. It was good.\nA film. It was bad.\n", encoding="utf-8")
    given = [*options, "--texts", table, "--text-column", "body"]
    for dataset, column in (("imdb", "text"), (f"file:{table}", "body"), (None, None)):
        named = [] if dataset is None else ["--dataset", dataset]
        assert main(["pretrain", *map(str, [*given, *named])]) == 0
        (source, *_), keywords = made.pop()
        assert keywords["texts"] == ["One film. It was good.", "A film. It was bad."]
        assert keywords["texts_source"] == "file:films.csv"
        assert (source and source.text_column) == column


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--objectives", "mlm,sop"], "unknown objective 'sop'; did you mean nsp?"),
        (["--steps", "0"], "pre-training: steps is 0; it must be at least 1"),
        (["--mask-share", "1"], "pre-training: mask_share is 1.0; it must be above 0 and below 1"),
        (["--masking", "words"], "unknown masking 'words'; did you mean word or subword?"),
        (["--model", "tfidf-svm"], "cannot pre-train tfidf-svm, which is a classical model"),
        (["--max-length", "500"], "max_length is 500, but the base takes at most 128 tokens"),
        (["--texts", "no.txt"], "cannot read no.txt"),
        (["--label-names", "neg,pos"], "--label-names is about a dataset, and there is none"),
        (["--text-column", "body"], "--text-column needs a --texts in one of the formats"),
    ],
)
def test_input_that_cannot_be_used_is_one_line(capsys, options, tmp_path, change, message):
    code, out, err = run(capsys, *options, *change)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out" / "config.json").exists()


def test_texts_that_are_too_few_are_one_line(capsys, tiny_base, tmp_path):
    path = tmp_path / "one.txt"
    path.write_text("One sentence.\n", encoding="utf-8")
    given = ["--model", tiny_base, "--out", tmp_path / "out"]
    code, _, err = run(capsys, *given, "--texts", path, *QUICK)
    assert (code, err.count("\n")) == (2, 1)
    assert "one.txt has 1 usable document(s), and pre-training needs at least 2" in err
    path.write_text("\n".join(make_documents(9, sentences=1)), encoding="utf-8")
    code, _, err = run(capsys, *given, "--texts", path, *QUICK, "--objectives", "nsp")
    assert (code, err.count("\n")) == (2, 1)
    assert "leave out the objective nsp, or pre-train on longer texts" in err
    code, _, err = run(capsys, *given, *QUICK)
    assert (code, err.count("\n")) == (2, 1)
    assert "give --dataset, --train-file or --texts" in err
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    code, _, err = run(capsys, *given, "--texts", path, *QUICK)
    assert (code, err.count("\n")) == (2, 1)
    assert "already contains mine" in err


def test_an_interrupted_command_says_how_to_resume(capsys, options, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("robustbert.training.pretrain", interrupted)
    code, _, err = run(capsys, *options)
    assert code == 130
    assert "with --resume" in err


def test_python_entry():
    from robustbert.training import pretraining

    assert robustbert.pretrain is pretraining.pretrain
    assert robustbert.PretrainingConfig is pretraining.PretrainingConfig
