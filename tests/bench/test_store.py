"""The output folder allows one run at a time and one configuration."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from subprocess import PIPE

import pytest

from robustbert.bench import run_plan
from robustbert.bench.store import Configuration, RunStore
from robustbert.errors import OutputError, RecordError
from tests.bench.toy_runs import options, plan, without_times

pytestmark = pytest.mark.usefixtures("own_cache")
CONFIGURATION = Configuration({"seed": 0}, {"a": "0" * 64}, {"a pwws": 2})


def test_a_finished_record_of_another_processor_is_rejected(reviews, svm, tmp_path, monkeypatch):
    run_plan(plan(reviews, svm, n=2), options(tmp_path / "out"))
    (path,) = (tmp_path / "out" / "records").iterdir()
    before = path.read_bytes()
    monkeypatch.setattr("robustbert.bench.environment.processor_class", lambda: "another")
    difference = r"processor \(processor class is \w+ there, but another here\)"
    match = f"{path} differs from this run in {difference}; choose"
    with pytest.raises(RecordError, match=match):
        run_plan(plan(reviews, svm, n=2), options(tmp_path / "out"))
    assert path.read_bytes() == before


def test_a_record_of_an_earlier_protocol_is_rejected(reviews, svm, tmp_path):
    run_plan(plan(reviews, svm, n=2), options(tmp_path / "out"))
    (path,) = (tmp_path / "out" / "records").iterdir()
    content = json.loads(path.read_text())
    content["protocol"]["revision"] = 1
    path.write_text(json.dumps(content))
    match = r"differs from this run in protocol \(protocol revision is 1 there, but"
    with pytest.raises(RecordError, match=match):
        run_plan(plan(reviews, svm, n=2), options(tmp_path / "out"))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"n": 5}, "the number of examples of reviews deepwordbug is 6 there, but 5"),
        ({"seed": 1}, "seed is 0 there, but 1"),
    ],
)
def test_another_configuration_is_rejected(reviews, svm, tmp_path, change, what):
    run_plan(plan(reviews, svm), options(tmp_path / "out"))
    before = without_times(tmp_path / "out")
    with pytest.raises(
        RecordError,
        match=f"a run with another configuration: {what} in this run; choose another output folder",
    ):
        run_plan(plan(reviews, svm, **change), options(tmp_path / "out"))
    assert without_times(tmp_path / "out") == before


def test_results_of_another_model_of_the_same_name_are_kept(reviews, svm, bert, tmp_path):
    from shutil import copytree

    run_plan(plan(reviews, svm), options(tmp_path / "out"))
    other = copytree(bert, tmp_path / "svm")
    with pytest.raises(
        RecordError,
        match=r"differs from this run in model and dtype \(model sha256 is \w{23}… there,",
    ):
        run_plan(plan(reviews, other), options(tmp_path / "out"))


def test_an_invalid_configuration_file_is_rejected(reviews, svm, tmp_path):
    run_plan(plan(reviews, svm), options(tmp_path / "out"))
    file = tmp_path / "out" / "configuration.json"
    for content in ("{", "[]", '{"settings": 3}'):
        file.write_text(content)
        with pytest.raises(RecordError, match=r"configuration.json cannot be read \(.*\); choose"):
            run_plan(plan(reviews, svm), options(tmp_path / "out"))


def test_temporary_files_of_a_killed_run_are_removed(reviews, svm, tmp_path):
    run_plan(plan(reviews, svm), options(tmp_path / "out"))
    (tmp_path / "out" / "records" / ".0123.tmp").write_text("{")
    run_plan(plan(reviews, svm), options(tmp_path / "out"))
    assert not list((tmp_path / "out").rglob("*.tmp"))


def test_two_runs_cannot_write_to_one_folder(reviews, svm, tmp_path):
    out = tmp_path / "out"
    waiting = """
import sys, time
from pathlib import Path
from robustbert.bench.store import RunStore
with RunStore(Path(sys.argv[1])).locked():
    print("in", flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", waiting, str(out)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as other:
        assert other.stdout.readline() == "in\n"
        with pytest.raises(OutputError, match=r"another run is writing to .*out"):
            run_plan(plan(reviews, svm), options(out))
        other.kill()  # a dead process releases the lock
    assert len(run_plan(plan(reviews, svm), options(out)).records) == 1


def test_new_folders_are_removed_if_nothing_was_written(tmp_path):
    out = tmp_path / "runs" / "out"
    store = RunStore(out)
    store.check_configuration(CONFIGURATION)
    assert not out.exists()
    with store.locked():
        store.write_configuration(CONFIGURATION)
        assert (out / "configuration.json").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_later_run_may_add_to_the_configuration(tmp_path):
    store = RunStore(tmp_path)
    store.write_configuration(CONFIGURATION)
    store.write_configuration(replace(CONFIGURATION, examples={"a pruthi": 3}))
    stored = json.loads((tmp_path / "configuration.json").read_text())
    assert stored["examples"] == {"a pwws": 2, "a pruthi": 3}
    with pytest.raises(RecordError, match="the number of examples of a pwws is 2 there, but 4 in"):
        store.check_configuration(replace(CONFIGURATION, examples={"a pwws": 4}))
