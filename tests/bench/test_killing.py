"""A run that is killed repeatedly gives the same results as one that is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.toy_runs import without_times

KILLS = 20


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="each run is a fork, which Windows lacks")
def test_runs_killed_at_random_moments_give_the_same_results(reviews, svm, tmp_path, own_cache):
    script = Path(__file__).with_name("killing.py")
    command = [sys.executable, script, tmp_path, svm, reviews, KILLS, 0]
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    runs = [line.split() for line in done.stdout.splitlines()]
    kills = [int(run[2]) for run in runs if run[1] == "killed"]
    assert len(kills) >= KILLS
    assert any(kills), "no run was killed while it had a journal"
    whole = without_times(tmp_path / "whole")
    assert [len(cell) for cell in whole[1]] == [12, 12]
    for folder in {run[0] for run in runs}:
        assert without_times(tmp_path / folder) == whole
        assert not list((tmp_path / folder).rglob("*.partial"))
        assert not list((tmp_path / folder).rglob("*.tmp"))
