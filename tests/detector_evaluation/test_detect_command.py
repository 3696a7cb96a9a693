"""``robustbert detect`` and ``rb.detect``: the protocol, what is kept, and what is refused."""

from __future__ import annotations

import csv
import io
import itertools
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from sklearn.metrics import roc_auc_score

import robustbert as rb
from robustbert.cli import main
from robustbert.detector_evaluation import DetectionRecord
from robustbert.detector_evaluation.detection_record import read_detection
from robustbert.detector_evaluation.split_attacks import SplitAttacks
from robustbert.models import load_model
from robustbert.records import DefenseRef, read_outcomes, read_run, write_record
from tests.detector_evaluation.conftest import ToyRun
from tests.records.builders import make_outcome, write_cell

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("own_cache"),
    pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def judged(toy_run: ToyRun, own_cache: Path, tmp_path_factory) -> DetectionRecord:
    out = tmp_path_factory.mktemp("out") / "wdr.json"
    given = ["--detector", "wdr", "--failed", "--format", "json", "--out", str(out)]
    assert main(["detect", *toy_run.options(), *given]) == 0
    [record] = read_detection(out)
    return record


def test_fitting_and_judging_see_different_examples(judged, toy_run):
    """No original of a judged pair is among the validation texts, by id and by text."""
    [outcomes] = read_run(toy_run.run).outcomes.values()
    [path] = (toy_run.run / "detection").glob("*--validation.*.jsonl")
    validation = read_outcomes(path)
    assert len(validation) == judged.validation_examples == 40
    assert not {one.example_id for one in outcomes} & {one.example_id for one in validation}
    assert not {one.text for one in outcomes} & {one.text for one in validation}
    [cell] = judged.cells
    broken = sum(one.status == "broken" for one in validation)
    assert cell.fit_pairs == cell.threshold_pairs == broken


def test_numbers_are_those_of_the_scores(judged, toy_run):
    [cell] = judged.cells
    [outcomes] = read_run(toy_run.run).outcomes.values()
    broken = [one.example_id for one in outcomes if one.status == "broken"]
    scores = cell.scores
    assert scores.example_ids == broken
    labels = [0] * len(broken) + [1] * len(broken)
    expected = roc_auc_score(labels, scores.originals + scores.adversarials)
    assert cell.auroc.value == pytest.approx(expected)
    flagged = [score >= cell.threshold for score in scores.adversarials]
    assert cell.tpr.value == pytest.approx(sum(flagged) / len(broken))
    assert cell.fpr.value == pytest.approx(
        sum(score >= cell.threshold for score in scores.originals) / len(broken)
    )
    assert cell.auroc.low <= cell.auroc.value <= cell.auroc.high
    assert cell.auroc.value > 0.8, "words that are not in the vocabulary are easy to find"


def test_rejecting_changes_accuracies(judged, toy_run):
    [record] = read_run(toy_run.run).records
    [cell] = judged.cells
    rejection = cell.rejection
    assert rejection.clean == record.metrics.clean_accuracy
    assert rejection.attacked == record.metrics.accuracy_under_attack
    assert rejection.clean_with_detector.value <= rejection.clean.value
    caught = round(cell.tpr.value * cell.pairs)
    survivors = record.counts.robust + record.counts.exhausted
    lowest, highest = caught, caught + survivors
    assert lowest <= round(rejection.attacked_with_detector.value * 40) <= highest


def test_failed_attacks_are_judged_apart(judged, toy_run):
    [cell] = judged.cells
    [path] = (toy_run.run / "detection").glob("*--failed.*.jsonl")
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    [outcomes] = read_run(toy_run.run).outcomes.values()
    by_id = {one.example_id: one for one in outcomes}
    assert cell.failed.n == len(entries) > 0
    victim = load_model(toy_run.model)
    for entry in entries:
        outcome = by_id[entry["example_id"]]
        assert outcome.status in ("robust", "exhausted")
        assert entry["text"] != outcome.text
        assert victim.predict_proba([entry["text"]]).argmax() == outcome.clean_prediction


def test_attacks_are_kept_and_resumed(judged, toy_run, tmp_path):
    run = shutil.copytree(toy_run.run, tmp_path / "run")
    [path] = (run / "detection").glob("*--validation.*.jsonl")
    whole = read_outcomes(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:25]) + lines[25][:40])  # as a killed run leaves it
    result = rb.detect(run, "wdr", toy_run.model, data=toy_run.files, device="cpu")
    [record] = result.records
    assert {one.example_id for one in read_outcomes(path)} == {one.example_id for one in whole}
    assert path.read_bytes().startswith(b"".join(lines[:25]))
    [before], [after] = judged.cells, record.cells
    assert after.model_copy(update={"failed": before.failed}) == before
    table = result.to_pandas()
    assert table["auroc_value"].tolist() == [before.auroc.value]
    assert "wdr on svm" in repr(result)


def test_a_damaged_file_of_last_texts_is_one_line(judged, toy_run, tmp_path, capsys):
    run = shutil.copytree(toy_run.run, tmp_path / "run")
    [path] = (run / "detection").glob("*--failed.*.jsonl")
    path.write_bytes(b'{"example_id": "e0", "text": "\xff"}\n')
    given = ["--run", str(run), "--detector", "wdr", "--failed"]
    assert main(["detect", *toy_run.options()[2:], *given]) == 2
    [line] = capsys.readouterr().err.splitlines()[-1:]
    assert "cannot be read; delete it, and it will be made again" in line


def test_last_texts_are_not_kept_if_an_attack_failed(judged, toy_run, tmp_path, monkeypatch):
    run = shutil.copytree(toy_run.run, tmp_path / "run")
    [path] = (run / "detection").glob("*--failed.*.jsonl")
    path.unlink()
    error = make_outcome("e0", "error")
    found = SimpleNamespace(outcomes=(error,), final_texts={"e1": "a last text"})
    monkeypatch.setattr(SplitAttacks, "_attack", lambda *_: found)
    given = {"data": toy_run.files, "device": "cpu", "failed": True}
    [record] = rb.detect(run, "wdr", toy_run.model, **given).records
    assert record.cells[0].failed.n == 1
    assert not path.exists()


def test_training_texts_are_needed_by_detectors_that_read_them(toy_files, svm, tmp_path):
    data = {split: toy_files[split] for split in ("validation", "test")}
    run, options = tmp_path / "run", {"device": "cpu", "tracks": "published"}
    rb.bench(f"svm={svm}", ["deepwordbug"], data, n=40, split="test", out=run, **options)
    with pytest.raises(rb.RobustbertError, match="has no training split"):
        rb.detect(run, "fgws", svm, data=data, device="cpu")
    assert not (run / "detection").exists(), "nothing was attacked"
    [record] = rb.detect(run, "wdr", svm, data=data, device="cpu").records
    assert record.training_texts == 0


def test_each_recipe_is_judged_on_each(judged, toy_run, tmp_path, monkeypatch):
    """The second recipe has the attacks of the first, so that all numbers are equal."""
    run = shutil.copytree(toy_run.run, tmp_path / "run")
    [record], [outcomes] = read_run(run).records, read_run(run).outcomes.values()
    other = record.recipe.model_copy(update={"name": "pwws"})
    write_cell(run, record.model_copy(update={"recipe": other}), outcomes)
    [path] = (run / "detection").glob("*--validation.*.jsonl")
    monkeypatch.setattr(SplitAttacks, "validation", lambda *_: read_outcomes(path))
    [found] = rb.detect(run, "wdr", toy_run.model, data=toy_run.files, device="cpu").records
    recipes = ("deepwordbug", "pwws")
    pairs = [(cell.fitted_on, cell.tested_on) for cell in found.cells]
    assert pairs == [*itertools.product(recipes, recipes)]
    assert {cell.auroc for cell in found.cells} == {judged.cells[0].auroc}
    kept = [cell.scores is not None for cell in found.cells]
    assert kept == [fitted == tested for fitted, tested in pairs]
    [alone] = rb.detect(run, "wdr", toy_run.model, data=toy_run.files, recipe="pwws").records
    assert [(cell.fitted_on, cell.tested_on) for cell in alone.cells] == [("pwws", "pwws")]


@pytest.mark.parametrize("detector", ["fgws"])
def test_other_detectors_use_the_same_attacks(judged, toy_run, capsys, detector, monkeypatch):
    monkeypatch.setattr("robustbert.attacks.runner.AttackRunner.run", None)  # it would be called
    assert main(["detect", *toy_run.options(), "--detector", detector]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{detector} on svm, ")
    assert "AUROC" in out
    assert "failed attacks" not in out, "they were not judged"


def test_formats(judged, toy_run, capsys):
    given = ["detect", *toy_run.options(), "--detector", "wdr", "--failed", "--format"]
    assert main([*given, "markdown"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("### wdr on svm, ")
    assert "| deepwordbug | deepwordbug |" in shown
    assert main([*given, "csv"]) == 0
    [row] = csv.DictReader(io.StringIO(capsys.readouterr().out))
    [cell] = judged.cells
    assert float(row["auroc_value"]) == cell.auroc.value
    assert float(row["failed_value"]) == cell.failed.value
    assert float(row["rejection_clean_with_detector_value"]) == (
        cell.rejection.clean_with_detector.value
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--detector", "wdx"], "unknown detector 'wdx'; did you mean wdr?"),
        (["--detector", "wdr", "--set", "words=3"], "wdr: unknown setting 'words'"),
        (["--detector", "rde"], "rde reads the features of a network of transformers, which model"),
        (["--detector", "wdr", "--recipe", "pwws"], "has no cell with the recipe 'pwws'"),
        (["--detector", "wdr", "--validation", "0"], "validation is 0; give an integer of at"),
        (["--detector", "wdr", "--validation", "29"], "29 validation examples of test are too few"),
        (["--detector", "wdr", "--validation", "999"], "cannot take 999 examples"),
    ],
)
def test_wrong_options_are_one_line(judged, toy_run, capsys, arguments, message):
    assert main(["detect", *toy_run.options(), *arguments]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert message in line


def test_a_classifier_in_memory_cannot_stand_for_a_defended_one(toy_run, svm, tmp_path):
    run = shutil.copytree(toy_run.run, tmp_path / "run")
    [record] = read_run(run).records
    defense = DefenseRef(name="ranmask", params={}, revision=1)
    [path] = (run / "records").iterdir()
    write_record(record.model_copy(update={"defenses": [defense]}), path)
    with pytest.raises(rb.RobustbertError, match="has defenses, which cannot be checked"):
        rb.detect(run, "wdr", load_model(svm), data=toy_run.files)


def test_another_model_is_refused(judged, toy_run, bert):
    with pytest.raises(rb.RobustbertError, match="give the one that was attacked"):
        rb.detect(toy_run.run, "wdr", load_model(bert), data=toy_run.files)
