"""Nothing is lost: a run that is killed again and again ends as one that was left alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.test_run import timeless

KILLS = 20


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="runs are forks, which Windows has not")
def test_runs_killed_at_random_moments_end_as_if_left_alone(reviews, svm, tmp_path, own_cache):
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
    whole = timeless(tmp_path / "whole")
    assert [len(cell) for cell in whole[1]] == [12, 12]
    for folder in {run[0] for run in runs}:
        assert timeless(tmp_path / folder) == whole
        assert not list((tmp_path / folder).rglob("*.partial"))
        assert not list((tmp_path / folder).rglob("*.tmp"))
