"""``robustbert explain``: texts, files and runs, all formats, and errors."""

from __future__ import annotations

import json

import pytest

import robustbert
from robustbert.cli import main
from robustbert.errors import InputError
from robustbert.explanations.occlusion import Occlusion
from robustbert.records import read_run, record_name, without_texts
from robustbert.reports.attributions import ShownAttribution, attributions_text
from robustbert.reports.attributions.run_attributions import cells_of_model
from robustbert.reports.run_view import Selection, select_cells
from tests.records.builders import write_cell
from tests.reports.attributions.explained_runs import write_explained_run

TEXTS = ["a wonderful, lovely film", "dull and awful"]


@pytest.fixture(scope="module")
def run(bert, tmp_path_factory):
    """A run on the network, with two broken examples under one recipe, and another model's row."""
    folder = tmp_path_factory.mktemp("runs") / "one"
    recipes = {"pwws": None, "textfooler": "c" * 64}
    return write_explained_run(folder, robustbert.load_model(bert), recipes=recipes)


def run_command(capsys, *arguments) -> str:
    code = main(["explain", *map(str, arguments)])
    written = capsys.readouterr()
    assert code == 0, written.err
    return written.out


def test_json_lines_of_texts_are_those_of_the_function(bert, capsys):
    options = ("--method", "occlusion", "--set", "mask=[MASK]", "--format", "jsonl")
    out = run_command(capsys, "--model", bert, *options, "--target", "neg", *TEXTS)
    lines = list(map(json.loads, out.splitlines()))
    found = robustbert.explain(TEXTS, model=bert, method="occlusion", target="neg", mask="[MASK]")
    assert [{"source": None, **one.as_dict(), "change": None} for one in found] == lines
    assert lines[0]["params"] == {"mask": "[MASK]", "output": "probability"}


def test_terminal_is_the_default(bert, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    out = run_command(capsys, "--model", bert, *TEXTS)
    found = robustbert.explain(TEXTS, model=bert, method="integrated-gradients")
    shown = [ShownAttribution(f"text {i}", one) for i, one in enumerate(found, start=1)]
    assert out == attributions_text(shown, color=False, width=100)


def test_a_file_and_a_classical_model(svm, tmp_path, capsys):
    file = tmp_path / "texts.txt"
    file.write_text("\n".join(TEXTS))
    options = ("--method", "occlusion", "--set", "output=log-odds", "--format", "jsonl")
    out = run_command(capsys, "--model", svm, "--file", file, *options)
    first = json.loads(out.splitlines()[0])
    assert first["label"] == "pos"
    scores = dict(zip(first["words"], first["scores"], strict=True))
    assert max(scores, key=scores.get) in ("wonderful", "lovely")


@pytest.mark.parametrize(
    ("name", "start"),
    [("a.html", "<!DOCTYPE html>"), ("a.svg", "<?xml"), ("a.jsonl", '{"source"'), ("a.png", None)],
)
def test_the_suffix_decides_the_format(bert, tmp_path, capsys, name, start):
    out = tmp_path / "new" / name
    printed = run_command(
        capsys, "--model", bert, "--method", "saliency", "--out", out, "a fine film"
    )
    assert printed == f"{out}\n"
    assert list(out.parent.iterdir()) == [out]
    if start is None:
        assert out.read_bytes().startswith(b"\x89PNG")
    else:
        assert out.read_text(encoding="utf-8").startswith(start)


def test_a_run_is_explained_before_and_after_the_attack(bert, run, capsys):
    options = ("--method", "occlusion", "--format", "jsonl")
    out = run_command(capsys, "--model", bert, "--run", run, *options)
    lines = list(map(json.loads, out.splitlines()))
    shown = [(one["source"]["recipe"], one["source"]["version"], one["text"]) for one in lines]
    assert shown == [
        ("pwws", "original", "a fine film"),
        ("pwws", "adversarial", "a fin film"),
        ("pwws", "original", "the story was so good and lovely"),
        ("pwws", "adversarial", "the story was so god and lovely"),
    ]
    assert [one["label"] for one in lines] == ["pos"] * 4
    assert [one["change"] is None for one in lines] == [True, False, True, False]
    assert lines[1]["change"]["num_changed"] == 1


def test_texts_of_another_row_and_a_limit(bert, run, capsys):
    options = ("--method", "occlusion", "--row", "of-textfooler", "--num-examples", "1")
    out = run_command(capsys, "--model", bert, "--run", run, *options)
    headings = [line for line in out.splitlines() if line and line[0] != " "]
    assert len(headings) == 2
    assert headings[1].startswith("textfooler, example e0, adversarial: pos (probability")
    assert "rank correlation with the original" in out


def test_a_missing_score_is_no_zero_in_a_run_with_one_class(bert, run, capsys):
    out = run_command(capsys, "--model", bert, "--run", run, "--target", "neg", "--format", "jsonl")
    assert {json.loads(line)["label"] for line in out.splitlines()} == {"neg"}


@pytest.mark.parametrize(("defense", "is_same"), [("pgd", True), ("safer", False), ("my", False)])
def test_a_model_behind_a_defense_at_inference_is_another_one(bert, tmp_path, defense, is_same):
    classifier = robustbert.load_model(bert)
    run = write_explained_run(tmp_path / "run", classifier, defense=defense)
    cells = select_cells(run, Selection())
    if is_same:
        assert cells_of_model(run, cells, classifier) == cells
    else:
        with pytest.raises(InputError, match="no attack on this model"):
            cells_of_model(run, cells, classifier)


class TestErrors:
    """One line, exit code 2, and nothing is written."""

    @pytest.fixture
    def error_of(self, capsys, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

        def explain(*arguments) -> str:
            assert main(["explain", *map(str, arguments)]) == 2
            written = capsys.readouterr()
            assert written.out == ""
            assert written.err.count("\n") == 1
            assert list(tmp_path.iterdir()) == [], "nothing was written"
            return written.err

        return explain

    def test_methods_and_models(self, error_of, bert, svm):
        error = error_of("--model", bert, "--method", "salience", "a film")
        assert "unknown explainer 'salience'; did you mean saliency" in error
        error = error_of("--model", bert, "--set", "step=3", "a film")
        assert "unknown setting 'step'; did you mean steps" in error
        error = error_of("--model", bert, "--set", "steps=0", "a film")
        assert "steps is 0" in error
        error = error_of("--model", svm, "--method", "grad-cam", "--out", "a.html", "a film")
        assert "grad-cam needs a network: model 'svm' has no gradients" in error
        error = error_of("--model", bert, "--target", "positive", "a film")
        assert "unknown label 'positive'" in error

    def test_texts(self, error_of, bert, run):
        assert "no text to explain" in error_of("--model", bert)
        assert "text 2 of 2 is empty" in error_of("--model", bert, "a film", " ")
        assert "text 1 of 1 has no words" in error_of("--model", bert, "?!")
        assert "give either" in error_of("--model", bert, "--run", run, "a film")

    def test_outputs(self, error_of, bert, tmp_path):
        assert "--format png needs a file" in error_of("--model", bert, "--format", "png", "a")
        for name in ("a.txt", "a.terminal"):
            error = error_of("--model", bert, "--out", name, "a")
            assert f"{name} does not end with .html, .jsonl, .svg, .png; add --format" in error
        assert "is a folder" in error_of(
            "--model", bert, "--out", tmp_path, "--format", "html", "a"
        )

    def test_too_many_texts_for_a_picture_are_not_explained(
        self, error_of, bert, tmp_path_factory, monkeypatch
    ):
        monkeypatch.setattr(Occlusion, "explain", lambda *_: pytest.fail("they are explained"))
        pairs = {f"a fine film {i}": f"a fin film {i}" for i in range(7)}
        folder = tmp_path_factory.mktemp("run")
        write_explained_run(folder, robustbert.load_model(bert), pairs)
        options = ("--model", bert, "--method", "occlusion", "--out", "a.png")
        for texts, number in ((["a film"] * 13, 13), (["--run", folder, "-n", "7"], 14)):
            error = error_of(*options, *texts)
            assert f"a picture shows at most 12 texts, not {number}" in error

    def test_runs(self, error_of, bert, svm, run, tmp_path_factory):
        assert "is not a run folder" in error_of("--model", bert, "--run", "nothing")
        assert "no attack on this model" in error_of(
            "--model", svm, "--run", run, "--method", "occlusion"
        )
        assert "it has pwws and textfooler" in error_of(
            "--model", bert, "--run", run, "--recipe", "iga"
        )
        assert "--num-examples is 0" in error_of(
            "--model", bert, "--run", run, "--num-examples", "0"
        )
        assert "--row is given without --run" in error_of("--model", bert, "--row", "x", "a film")

    def test_a_run_without_texts(self, error_of, bert, run, tmp_path_factory):
        published = tmp_path_factory.mktemp("runs") / "without"
        read = read_run(run)
        for record in read.records:
            outcomes = read.outcomes[record_name(record)]
            write_cell(published, record, without_texts(outcomes))
        assert "contain no texts" in error_of("--model", bert, "--run", published)
