"""``robustbert compare --quick`` and ``--confirm`` on the command line."""

from __future__ import annotations

import json
import sys
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


EVIL = "robustbert_evil:Thing"


@pytest.fixture
def untrusted(repository, monkeypatch) -> Path:
    """A module that leaves a file when it is imported."""
    monkeypatch.syspath_prepend(repository)
    module = repository / "robustbert_evil.py"
    module.write_text("from pathlib import Path\nPath('imported').touch()\n")
    yield repository / "imported"
    sys.modules.pop("robustbert_evil", None)


def name_code(baseline: Path, place: str) -> None:
    """Make the records of a baseline name the module."""
    parsed = json.loads(baseline.read_text())
    # no two cells of a run have the same recipe, but all have one model
    for cell in parsed["cells"][: 1 if place == "recipe" else None]:
        record = cell["record"]
        if place in ("recipe", "dataset"):
            record[place]["name"] = EVIL
        else:
            named = {"name": EVIL, "params": {}, "revision": 1}
            given = {"name": "a2t", "params": {"recipe": EVIL}, "revision": 1}
            record["defenses"] = [named if place == "defense" else given]
    baseline.write_text(json.dumps(parsed))


@pytest.mark.parametrize("place", ["recipe", "dataset", "defense", "parameter"])
@pytest.mark.parametrize("way", ["quick", "confirm"])
def test_code_that_a_baseline_names_is_not_imported(repository, untrusted, svm, capsys, way, place):
    baseline = repository / "robustbert-baseline.json"
    name_code(baseline, place)
    if way == "quick":
        given = ["compare", "--quick"]
    else:
        (repository / "copy.json").write_bytes(baseline.read_bytes())
        models = ["--base-model", str(svm), "--candidate-model", str(svm)]
        given = ["compare", str(repository / "copy.json"), str(baseline), "--confirm", *models]
    capsys.readouterr()
    assert main(given) == 2
    error = capsys.readouterr().err
    assert f"names code, {EVIL}; if you trust it, add --trust {EVIL}" in error
    assert error.count("\n") == 1
    assert not untrusted.exists()


def test_trusted_code_is_imported(repository, untrusted, capsys):
    """It is used, so that the module without the recipe is the next error."""
    name_code(repository / "robustbert-baseline.json", "recipe")
    assert main(["compare", "--quick", "--trust", "other:Thing"]) == 2
    assert not untrusted.exists()
    capsys.readouterr()
    assert main(["compare", "--quick", "--trust", EVIL]) == 2
    assert "Thing" in capsys.readouterr().err
    assert untrusted.exists()


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
        ("a b --trust x:y", "--trust is given without --confirm or --quick"),
        ("a b --device cpu", "--device is given without --confirm or --quick"),
        ("a b --assets offline", "--assets is given without --confirm or --quick"),
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
