"""benchmarks/run_rows.py: the models of suites, several at a time."""

from __future__ import annotations

import re
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from robustbert.bench import environment, load_suite, make_plan
from robustbert.leaderboard.planned_cells import planned_cells
from robustbert.records import read_published, read_run
from tests.leaderboard.defense_results import DEFENSES_SUITE
from tests.leaderboard.published import write_published
from tests.leaderboard.recorded_commands import OTHER_SUITES, plan_of_command
from tests.leaderboard.table_scripts import load_script
from tests.leaderboard.valid_results import valid_cell, valid_record, write_run

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "run_rows.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script(SCRIPT)


def runs_of(script: ModuleType, suite: str) -> list[Any]:
    found: list[Any] = script.runs_of_suite(suite, Path("runs"), Path("results/defenses"))
    return found


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("defenses.toml").write_text(DEFENSES_SUITE, encoding="utf-8")
    return "defenses.toml"


def test_a_run_per_model_the_costliest_training_first(script: ModuleType, suite: str) -> None:
    runs = runs_of(script, suite)
    models = [run.model for run in runs if run.model != "minilm-from-plain"]
    # four passes per step, then three epochs, then two
    assert models == ["minilm-pgd", "minilm-control", "minilm", "minilm-temperature"]
    assert runs[0].out == Path("runs/defenses/minilm-pgd")


def test_the_runs_are_the_suite(script: ModuleType, suite: str) -> None:
    runs = runs_of(script, suite)
    commands = [" ".join(["robustbert", *run.commands[0]]) for run in runs]
    parts = [planned_cells(plan_of_command(command)) for command in commands]
    assert frozenset.union(*parts) == planned_cells(make_plan(load_suite(suite)))
    assert sum(map(len, parts)) == len(frozenset.union(*parts))


def test_a_free_process_takes_the_next_run(script, suite: str, monkeypatch) -> None:
    monkeypatch.setattr(script, "file", lambda run: 0)
    runs = runs_of(script, suite)
    others_done = threading.Event()
    lock, running, most, done = threading.Lock(), 0, 0, []

    def start(run: object) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        if run is runs[0]:  # takes as long as all others together
            assert others_done.wait(timeout=10)
        with lock:
            running -= 1
            done.append(run)
            if len(done) == len(runs) - 1:
                others_done.set()
        return 0

    assert script.run_all(runs, start, 2) == []
    assert done == [*runs[1:], runs[0]]
    assert most == 2


def test_the_other_runs_go_on_after_a_failure(script, suite: str, monkeypatch, capsys) -> None:
    monkeypatch.setattr(script, "file", lambda run: 0)
    runs = runs_of(script, suite)
    assert script.run_all(runs, lambda run: 2 * (run is runs[1]), 2) == [runs[1]]
    printed = capsys.readouterr().out
    assert printed.count(": finished, ") == len(runs) - 1
    assert "runs/defenses/minilm-control: failed with exit code 2" in printed


def test_one_thread_and_a_log(script: ModuleType, suite: str, monkeypatch) -> None:
    program = "import os, sys; print(os.environ['OMP_NUM_THREADS'], sys.argv[1:]); sys.exit(3)"
    Path("robustbert.py").write_text(program, encoding="utf-8")  # in place of the package
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    run = runs_of(script, suite)[0]
    assert script.start(run) == 3
    assert Path("runs/defenses/minilm-pgd.log").read_text() == f"1 {run.commands[0]}\n"


def test_a_run_is_attacked_again_when_it_is_finished(script: ModuleType, suite: str, monkeypatch):
    program = "import sys; print(sys.argv[1:])"
    Path("robustbert.py").write_text(program, encoding="utf-8")  # in place of the package
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    results = Path("results/defenses")
    [run, *_] = script.runs_of_suite(suite, Path("runs"), results, recheck=True)
    assert script.start(run) == 0
    log = Path("runs/defenses/minilm-pgd.log").read_text().splitlines()
    assert log == [str(run.commands[0]), "['recheck', 'runs/defenses/minilm-pgd']"]


def test_records_are_filed_when_a_run_is_finished(script, suite: str, monkeypatch, capsys) -> None:
    letters = {
        "minilm": "sbbrxr",
        "minilm-control": "sbbrrr",
        "minilm-pgd": "sbbbrr",
        "minilm-from-plain": "sbrrrr",
        "minilm-temperature": "srrrrr",
    }
    failing = {"minilm-pgd"}

    def start(run) -> int:
        if not run.out.exists():
            sha256 = f"{[*letters].index(run.model):064x}"
            record = valid_record(letters[run.model], model=run.model, model_sha256=sha256)
            write_run(run.out, record)
        return int(run.model in failing)

    monkeypatch.setattr(environment, "_is_dirty", lambda checkout: False)
    monkeypatch.setattr(script, "start", start)
    monkeypatch.setattr(sys, "argv", ["run_rows.py", f"{suite}=results/defenses"])
    assert script.main() == 1
    assert len(read_published(Path("results/defenses"))) == 4
    assert (
        "minilm-pgd failed: see above and runs/defenses/minilm-pgd.log" in capsys.readouterr().out
    )
    failing.clear()
    assert script.main() == 0
    assert len(read_published(Path("results/defenses"))) == 5
    assert len(read_run(Path("runs/defenses/minilm-pgd")).records) == 1
    assert script.main() == 0  # again: nothing changes
    assert "Added" not in capsys.readouterr().out.rpartition("started")[2]


def test_a_run_that_cannot_be_filed_has_failed(script, suite: str, monkeypatch, capsys) -> None:
    monkeypatch.setattr(script, "start", lambda run: 0)  # it leaves no run folder
    runs = runs_of(script, suite)[:1]
    assert script.run_all(runs, script.start, 1) == runs
    assert "failed with exit code 2" in capsys.readouterr().out


def test_rows_that_are_filed_are_not_run(script, monkeypatch, tmp_path: Path, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    text = """
        name = "small"
        datasets = ["rotten_tomatoes"]
        models = ["minilm", "longer"]
        recipes = ["pwws"]
        num_examples = 6

        [model.longer]
        name = "minilm"
        base = "minilm"
        training.epochs = 3
    """
    Path("small.toml").write_text(text, encoding="utf-8")
    write_published([valid_cell("sbbrxr")], Path("results/small"))
    runs = script.runs_of_suite("small.toml", Path("runs"), Path("results/small"))
    assert [run.model for run in script.unfiled(runs)] == ["longer"]
    assert "runs/small/minilm: its records are in results/small" in capsys.readouterr().out
    Path("small.toml").write_text(text.replace("= 6", "= 7"), encoding="utf-8")
    assert [run.model for run in script.unfiled(runs)] == ["longer", "minilm"]


def test_uncommitted_changes_are_refused_before_anything_runs(
    script: ModuleType, suite: str, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(environment, "_is_dirty", lambda checkout: True)
    monkeypatch.setattr(sys, "argv", ["run_rows.py", f"{suite}=results/defenses"])
    with pytest.raises(SystemExit, match="2"):
        script.main()
    assert "uncommitted changes" in capsys.readouterr().err
    assert not Path("runs").exists()


def test_an_interrupted_run_starts_no_other(script, suite: str, monkeypatch, capsys) -> None:
    started = []

    def start(run) -> int:
        started.append(run.model)
        raise KeyboardInterrupt

    monkeypatch.setattr(environment, "_is_dirty", lambda checkout: False)
    monkeypatch.setattr(script, "start", start)
    arguments = ["run_rows.py", f"{suite}=results/defenses", "--processes", "1"]
    monkeypatch.setattr(sys, "argv", arguments)
    assert script.main() == 130
    assert "to resume, run the same command" in capsys.readouterr().out
    assert started[0] == "minilm-pgd"
    assert not Path("results").exists()


def test_make_runs_the_suites_of_the_tables() -> None:
    makefile = (SCRIPT.parents[1] / "Makefile").read_text(encoding="utf-8")
    made: dict[str, str] = {}
    for arguments in re.findall(r"python benchmarks/run_rows\.py (.+)", makefile):
        suites, _, rechecked = arguments.partition(" --recheck ")
        made |= dict(argument.split("=") for argument in suites.split())
        assert set(rechecked.split()) <= set(OTHER_SUITES)
    assert made == OTHER_SUITES
    checked = re.findall(r"leaderboard check --results (\S+)", makefile)
    assert sorted(checked) == sorted(OTHER_SUITES.values())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["defenses.toml"], "defenses.toml is not SUITE=RESULTS"),
        (["defence=results/defenses"], "unknown suite 'defence'"),
        (["defenses.toml=results/defenses", "--processes", "0"], "--processes is 0"),
        (["defenses.toml=results/defenses", "--recheck", "other"], "other is none of the suites"),
    ],
)
def test_bad_arguments_get_one_line(
    script: ModuleType, suite: str, arguments: list[str], message: str, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(environment, "_is_dirty", lambda checkout: False)
    monkeypatch.setattr(sys, "argv", ["run_rows.py", *arguments])
    with pytest.raises(SystemExit, match="2"):
        script.main()
    *_, line = capsys.readouterr().err.splitlines()
    assert message in line
