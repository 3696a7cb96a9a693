"""benchmarks/killed_cluster.py: kill a run, and compare it with another one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from robustbert.records import WorkerRef
from tests.leaderboard.table_scripts import load_script
from tests.leaderboard.valid_results import valid_record, write_run

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "killed_cluster.py"
WRITE_OUTCOMES = """
import sys, time
for _ in range(int(sys.argv[2])):
    with open(sys.argv[1], "a") as file:
        file.write("{}\\n")
    time.sleep(0.05)
"""


@pytest.fixture(scope="module")
def script():
    return load_script(SCRIPT)


@pytest.fixture
def journal(tmp_path) -> Path:
    (tmp_path / "outcomes").mkdir()
    return tmp_path / "outcomes" / "cell.partial"


def test_a_run_is_killed_when_outcomes_are_stored(script, journal, tmp_path):
    arguments = [sys.executable, "-c", WRITE_OUTCOMES, str(journal), "1000"]
    left = script.run_and_kill(arguments, tmp_path, 3)
    assert 3 <= left < 1000
    assert script.stored_outcomes(tmp_path) == left, "the process is gone"


def test_a_run_that_ends_early_is_an_error(script, journal, tmp_path):
    arguments = [sys.executable, "-c", WRITE_OUTCOMES, str(journal), "1"]
    with pytest.raises(SystemExit, match="ended with 0 before it could be killed"):
        script.run_and_kill(arguments, tmp_path, 3)


def test_where_a_run_ran_is_not_compared(script, tmp_path):
    record, outcomes = valid_record("sbr")
    worker = WorkerRef(processor="a CPU", device="cpu", threads=1, examples=3)
    engine = record.engine.model_copy(update={"executor": "ray", "workers": [worker]})
    remote = record.model_copy(update={"engine": engine, "created_at": "2026-01-01T00:00:00Z"})
    local_run = write_run(tmp_path / "local", (record, outcomes))
    remote_run = write_run(tmp_path / "remote", (remote, outcomes))
    (local_run / "table.csv").write_text("n,date\n3,2026-02-02\n")
    (remote_run / "table.csv").write_text("n,date\n3,2026-01-01\n")
    assert script.compared(local_run) == script.compared(remote_run)
    changed = outcomes[1].model_copy(update={"queries": outcomes[1].queries + 1})
    write_run(remote_run, (remote, (outcomes[0], changed, outcomes[2])))
    first, second = script.compared(local_run), script.compared(remote_run)
    assert [part for part in first if first[part] != second[part]] == ["outcomes"]
