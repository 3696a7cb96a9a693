"""``robustbert compare --quick`` and ``--confirm`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from robustbert.cli import main

CONFIG = """
[gate]
baseline = "robustbert-baseline.json"
model = {model}
quick_examples = 20
strict = true

[gate.dataset.reviews]
source = {data}
"""


@pytest.fixture
def repository(svm_run, svm, reviews, tmp_path, monkeypatch) -> Path:
    """A folder with a baseline and a configuration, which is the current folder."""
    monkeypatch.chdir(tmp_path)
    assert main(["baseline", "save", svm_run.name]) == 0
    config = CONFIG.format(model=json.dumps(str(svm)), data=json.dumps(f"file:{reviews}"))
    (tmp_path / "robustbert.toml").write_text(config)
    return tmp_path


def test_the_bare_quick_gate_passes_the_model_of_the_baseline(repository, capsys):
    capsys.readouterr()
    assert main(["compare", "--quick"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.startswith("PASSED")
    assert "nothing was attacked" in printed
    assert sorted(path.name for path in repository.iterdir()) == [
        "robustbert-baseline.json",
        "robustbert.toml",
    ]


def test_the_quick_gate_fails_a_much_worse_model(repository, bert, capsys):
    report = repository / "gate.json"
    given = ["--candidate-model", f"mine={bert}", "--device", "cpu", "--json", str(report)]
    assert main(["compare", "--quick", *given]) == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "Quick gate: only the first 20 examples of each cell of the base were" in printed
    assert "model → mine" in printed
    assert json.loads(report.read_text())


@pytest.mark.usefixtures("repository")
def test_the_number_of_examples_can_be_given(bert, capsys):
    given = ["--candidate-model", str(bert), "--quick-examples", "3", "robustbert-baseline.json"]
    main(["compare", "--quick", *given])
    printed = " ".join(capsys.readouterr().out.split())
    assert "(strict)" not in printed, "only --strict makes the quick gate strict"
    main(["compare", "--quick", *given, "--strict"])
    assert "(strict)" in " ".join(capsys.readouterr().out.split())
    assert "only the first 3 examples" in printed


def test_confirmation_is_in_every_report(svm_run, bert_run, svm, bert, reviews, tmp_path, capsys):
    files = {kind: tmp_path / kind for kind in ("markdown", "junit", "json")}
    written = [word for kind, path in files.items() for word in (f"--{kind}", str(path))]
    models = ["--base-model", str(svm), "--candidate-model", str(bert)]
    data = ["--dataset", f"file:{reviews}", "--device", "cpu"]
    cell = "records/reviews--model--none--published--deepwordbug.json"
    runs = [str(Path(run.name) / cell) for run in (svm_run, bert_run)]
    assert main(["compare", *runs, "--confirm", *models, *data, *written]) == 1
    reports = [capsys.readouterr().out, *(path.read_text() for path in files.values())]
    for report in reports:
        assert "confirmed" in report
        assert "1000003" in report


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("--confirm --quick", "--confirm and --quick are both given"),
        ("a b --confirm --base-model x", "--confirm needs --candidate-model"),
        ("a b --base-model x", "--base-model is given without --confirm"),
        ("a b --candidate-model x", "--candidate-model is given without --confirm or --quick"),
        ("a b --quick-examples 3", "--quick-examples is given without --quick"),
        ("--quick --quick-examples 0", "--quick-examples is 0; give at least 1"),
        ("--quick --candidate-row x", "--candidate-row is given with --quick"),
        ("--quick --device abc", "unknown device 'abc'"),
        ("a b --dataset x", "data is given without --confirm or --quick"),
        ("a b --labels x,y", "--labels is given without --confirm or --quick"),
        ("a b --device cpu", "--device is given without --confirm or --quick"),
        ("--quick --text-column x", "--text-column is given without data; add --dataset"),
        ("--quick a b", "2 runs given; with --quick, give BASE alone"),
        ("--quick", "0 runs given; with --quick, give BASE alone, or none if a [gate] table"),
        ("--quick RUN", "--quick needs a model; give --candidate-model"),
        (
            "RUN --quick --candidate-model tfidf-nb --dataset DATA",
            "'tfidf-nb' is not trained yet: run",
        ),
        ("RUN --quick --candidate-model x --dataset DATA", "no model folder 'x'"),
    ],
)
def test_wrong_use_is_an_error(svm_run, reviews, tmp_path, monkeypatch, capsys, given, message):
    monkeypatch.chdir(tmp_path)
    names = {"RUN": svm_run.name, "DATA": f"file:{reviews}"}
    assert main(["compare", *(names.get(word, word) for word in given.split())]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
