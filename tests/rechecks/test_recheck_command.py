"""``robustbert recheck``: what it stores, what tables show, and what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from robustbert.bench import run_plan
from robustbert.cli import main
from robustbert.errors import RecordError
from robustbert.metrics.reliability import measured_check
from robustbert.rechecks import recheck_run as module
from robustbert.records import DefenseRef, read_run
from robustbert.records.row_recheck import read_recheck, recheck_path
from tests.bench.toy_runs import options, plan
from tests.leaderboard.valid_results import write_valid
from tests.records.builders import add_cell, make_outcomes

pytestmark = [
    pytest.mark.usefixtures("own_cache"),
    pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def finished(many_reviews, svm, own_cache, tmp_path_factory) -> Path:
    """A run of the linear SVM under one recipe on a few examples of the test split."""
    out = tmp_path_factory.mktemp("finished") / "run"
    run_plan(plan(many_reviews, f"svm={svm}", n=8), options(out))
    return out


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "run")


def recheck(run: Path, svm: Path, reviews: Path, *more: str) -> int:
    given = ["--model", str(svm), "--dataset", f"file:{reviews}", "--device", "cpu"]
    return main(["recheck", str(run), *given, *more])


def test_the_result_is_stored_beside_the_records_and_added_to_them(run, svm, many_reviews, capsys):
    before = read_run(run)
    assert recheck(run, svm, many_reviews) == 0
    out = capsys.readouterr().out
    assert out.startswith("svm on ")
    assert "calibrated (temperature " in out
    [path] = (run / "rechecks").iterdir()
    found = read_recheck(path)
    assert path == recheck_path(run, before.records[0])
    assert path.stem.endswith("--svm--none--published")
    assert found.model_sha256 == before.records[0].model.sha256
    assert found.not_checked == {"adaptive": "the model is not randomised and transforms no texts"}
    after = read_run(run)
    [old], [new] = before.records, after.records
    assert after.outcomes == before.outcomes
    assert new.model_copy(update={"reliability": old.reliability}) == old
    names = [check.name for check in new.reliability]
    assert names == [*(check.name for check in old.reliability), "miscalibration"]
    assert recheck(run, svm, many_reviews) == 0
    assert read_run(run).records == after.records, "it replaces its own checks"
    again = read_recheck(path)
    assert again.model_copy(update={"created_at": found.created_at}) == found


def test_tables_show_the_mark_and_strict_fails(run, svm, many_reviews, capsys, monkeypatch):
    def marked(result):
        return [measured_check("miscalibration", 0.3)]

    monkeypatch.setattr(module, "checks_of", marked)
    assert recheck(run, svm, many_reviews) == 0
    table = (run / "table.md").read_text(encoding="utf-8")
    assert "τ The robustness is partly an illusion" in table
    assert "no prediction: svm 30.0 points." in table
    assert "miscalibration" in (run / "table.csv").read_text(encoding="utf-8")
    capsys.readouterr()
    assert recheck(run, svm, many_reviews, "--strict") == 1
    error = capsys.readouterr().err
    assert "deepwordbug: miscalibration failed (drop of the worst case" in error
    assert "0.3, and at most 0.02 passes" in error


def test_bench_is_strict_too(run, svm, many_reviews, capsys):
    given = ["--models", f"svm={svm}", "--datasets", f"file:{many_reviews}", "-n", "8"]
    given += ["--recipes", "deepwordbug", "--track", "published", "--out", str(run)]
    given += ["--dtype", "float32", "--device", "cpu"]
    assert main(["bench", *given]) == 0
    assert main(["bench", *given, "--strict"]) == 1
    assert "deepwordbug: too-few-attacked failed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--row", "bert"], "has no cell with the model 'bert'; it has svm"),
        (["--votes", "0"], "the number of votes is 0; give at least 1"),
    ],
)
def test_wrong_options_are_one_line(run, svm, many_reviews, capsys, arguments, message):
    assert recheck(run, svm, many_reviews, *arguments) == 2
    assert message in capsys.readouterr().err
    assert not (run / "rechecks").exists()


def test_a_record_with_another_file_name_does_not_become_two(run, svm, many_reviews, capsys):
    [path] = (run / "records").iterdir()
    [outcomes] = (run / "outcomes").iterdir()
    path.rename(path.with_stem("old"))
    outcomes.rename(outcomes.with_stem("old"))
    assert recheck(run, svm, many_reviews) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert f"deepwordbug is not in {path}; give the file this name" in line
    assert not (run / "rechecks").exists()


def test_model_and_data_must_be_those_of_the_run(run, bert, many_reviews, reviews, svm, capsys):
    assert recheck(run, bert, many_reviews) == 2
    assert "give the model that was attacked" in capsys.readouterr().err
    assert recheck(run, svm, reviews) == 2
    assert "the data of" in capsys.readouterr().err
    assert main(["recheck", str(run), "--dataset", f"file:{many_reviews}"]) == 2
    assert "is not a model that robustbert trains" in capsys.readouterr().err
    assert not (run / "rechecks").exists()


@pytest.mark.parametrize(
    "names",
    [
        {"recipe": "evil.code:run"},
        {"dataset": "evil.code:run"},
        {"defense": "evil.code:run"},
        {"defenses": [DefenseRef(name="a2t", params={"recipe": "evil.code:run"}, revision=1)]},
        {"defenses": [DefenseRef(name="x", params={"recipes": ["evil.code:run"]}, revision=1)]},
    ],
    ids=["recipe", "dataset", "defense", "parameter", "list"],
)
def test_code_that_a_record_names_is_not_imported(tmp_path, capsys, names):
    add_cell(tmp_path, make_outcomes(robust=3), **({"recipe": "iga"} | names))
    assert main(["recheck", str(tmp_path)]) == 2
    assert "names code, evil.code:run; if you trust it, add --trust" in capsys.readouterr().err


def test_code_that_any_record_of_a_row_names_is_not_imported(tmp_path, capsys):
    """Without core recipes, all recipes of a row are used."""
    for recipe in ("bae", "evil.code:run", "iga"):
        add_cell(tmp_path, make_outcomes(robust=3), recipe=recipe)
    assert read_run(tmp_path).records[0].recipe.name == "bae"
    assert main(["recheck", str(tmp_path)]) == 2
    assert "names code, evil.code:run" in capsys.readouterr().err


def test_published_results_are_not_a_run(tmp_path, capsys):
    results = write_valid(tmp_path / "results")
    assert main(["recheck", str(results)]) == 2
    assert "is not a run folder" in capsys.readouterr().err


def test_a_file_of_a_later_version_is_refused(run, svm, many_reviews):
    assert recheck(run, svm, many_reviews) == 0
    [path] = (run / "rechecks").iterdir()
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {"recheck_version": 2}), encoding="utf-8")
    with pytest.raises(RecordError, match="recheck_version: 2, but this robustbert reads 1"):
        read_recheck(path)
    path.write_text(json.dumps(content | {"verified": True}), encoding="utf-8")
    with pytest.raises(RecordError, match="verified"):
        read_recheck(path)
