"""The workflow that checks submitted results: valid, with least permissions, and it works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import yaml

from tests.ci.runners import ROOT, schema

PATH = ROOT / ".github" / "workflows" / "leaderboard.yml"
TEXT = PATH.read_text(encoding="utf-8")
WORKFLOW = yaml.safe_load(TEXT.replace("\non:", "\n'on':", 1))
STEPS = WORKFLOW["jobs"]["check"]["steps"]
SCRIPTS = [step["run"] for step in STEPS if "run" in step]


def test_it_follows_the_schema() -> None:
    jsonschema.validate(WORKFLOW, schema("github-workflows"))


def test_it_runs_on_pull_requests_that_change_results_and_can_only_read() -> None:
    # pull_request_target would give code of a fork the token and the secrets of the repository
    assert WORKFLOW["on"] == {"pull_request": {"paths": ["results/**"]}}
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert "permissions" not in WORKFLOW["jobs"]["check"]
    assert "secrets" not in TEXT
    [checkout] = [step for step in STEPS if step.get("uses", "").startswith("actions/checkout")]
    assert checkout["with"] == {"persist-credentials": False}


def test_it_uses_official_actions_and_no_expressions_in_scripts() -> None:
    actions = [step["uses"] for step in STEPS if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", name) for name in actions)
    assert not any("${{" in script for script in SCRIPTS)


def test_it_installs_the_checkout_with_pinned_versions() -> None:
    install, _ = SCRIPTS
    script, venv = install.split()
    assert venv == '"$RUNNER_TEMP/venv"'
    content = (ROOT / script).read_text(encoding="utf-8")
    assert '--constraint "$checkout/constraints.txt"' in content
    assert os.access(ROOT / script, os.X_OK)


def run_check(folder: Path, runner_temp: Path) -> subprocess.CompletedProcess[str]:
    """Run the last step in a folder, as a runner does."""
    return subprocess.run(
        ["bash", "-e", "-c", SCRIPTS[-1]],
        cwd=folder,
        env={**os.environ, "RUNNER_TEMP": str(runner_temp), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_check_passes_on_the_committed_results_and_fails_on_edited_ones(tmp_path) -> None:
    program = tmp_path / "venv" / "bin" / "robustbert"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m robustbert "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    done = run_check(ROOT, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("results: ")
    (tmp_path / "results" / "imdb" / "unified").mkdir(parents=True)
    (tmp_path / "results" / "imdb" / "unified" / "mine.json").touch()
    (tmp_path / "results" / "imdb" / "unified" / "mine-12345678").mkdir()
    (tmp_path / "results" / "imdb" / "unified" / "mine-12345678" / "pwws.json").touch()
    done = run_check(tmp_path, tmp_path)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0].startswith("results/imdb/unified/mine-12345678/pwws.json: ")
