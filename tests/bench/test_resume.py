"""Interrupted runs are resumed, and finished cells are not run again."""

from __future__ import annotations

import pytest

from robustbert.bench import run_plan
from robustbert.errors import RecordError
from robustbert.records import read_run
from tests.bench.toy_runs import interrupt_after, options, plan, without_times

pytestmark = pytest.mark.usefixtures("own_cache")


def test_a_resumed_run_writes_the_same_files(reviews, svm, tmp_path, monkeypatch):
    small = plan(reviews, svm, recipes=("deepwordbug", "pruthi"))
    run_plan(small, options(tmp_path / "whole"))
    for count in (2, 3):
        with monkeypatch.context() as patch:
            interrupt_after(patch, count)
            with pytest.raises(KeyboardInterrupt):
                run_plan(small, options(tmp_path / "cut"))
    assert list((tmp_path / "cut").rglob("*.partial"))
    assert not (tmp_path / "cut" / "table.md").exists()
    (torn,) = (tmp_path / "cut").rglob("*.partial")
    with torn.open("ab") as file:
        file.write(b'{"example_id": "killed while wri')
    result = run_plan(small, options(tmp_path / "cut"))
    assert without_times(tmp_path / "cut") == without_times(tmp_path / "whole")
    assert not list((tmp_path / "cut").rglob("*.partial"))
    # the time of the interrupted part is unknown
    assert [record.timing.attack_seconds is None for record in result.records] == [True, False]


def test_a_cell_that_was_interrupted_before_the_recheck_is_rechecked(
    reviews, svm, tmp_path, monkeypatch
):
    small = plan(reviews, svm)
    with monkeypatch.context() as patch:
        patch.setattr("robustbert.attacks.runner.AttackRunner.recheck", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            run_plan(small, options(tmp_path / "cut"))
    (record,) = run_plan(small, options(tmp_path / "cut")).records
    (outcomes,) = read_run(tmp_path / "cut").outcomes.values()
    texts = {text for one in outcomes for text in (one.text, one.adversarial_text) if text}
    found = record.environment.batch_invariance
    assert found.answers_checked == found.encodings_checked == len(texts) > 6


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_finished_run_is_not_run_again(reviews, svm, tmp_path, monkeypatch):
    small = plan(reviews, svm)
    first = run_plan(small, options(tmp_path / "out"))
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "records").iterdir()}
    monkeypatch.setattr("robustbert.attacks.runner.AttackRunner.run", None)
    assert run_plan(small, options(tmp_path / "out")).records == first.records
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


def test_an_unfinished_cell_of_another_model_is_rejected(reviews, svm, bert, tmp_path, monkeypatch):
    from shutil import copytree

    with monkeypatch.context() as patch:
        interrupt_after(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            run_plan(plan(reviews, svm), options(tmp_path / "out"))
    (journal,) = (tmp_path / "out").rglob("*.partial")
    before = journal.read_bytes()
    other = copytree(bert, tmp_path / "svm")
    with pytest.raises(RecordError, match=r"partial was written by a run that differs"):
        run_plan(plan(reviews, other), options(tmp_path / "out"))
    assert journal.read_bytes() == before
