"""action.yml, ci/ and .pre-commit-hooks.yaml: valid, consistent with the code, and safe."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from robustbert.bench import load_suite
from robustbert.bench.suite import DEFAULT_EXAMPLES
from robustbert.cli import _parser
from robustbert.gate import GatePolicy, check_robustness
from robustbert.gate.gate_config import load_gate_config
from robustbert.metrics.power import smallest_drop
from tests.ci.runners import (
    ACTION,
    EXPRESSION,
    HEADER,
    INPUT,
    JOBS,
    PAGE,
    ROOT,
    action_inputs,
    blocks,
    fill_template,
    schema,
)

STEPS = ACTION["runs"]["steps"]
SCRIPTS = sorted((ROOT / "ci").glob("*.sh"))
#: Inputs of GitLab's template, and of the action, that the other one does not need.
GITLAB_ONLY = {
    *("source", "version", "stage", "image"),
    *("nightly-recipes", "nightly-num-examples", "nightly-baseline"),
}
ACTION_ONLY = {"token", "python-version"}


def lines(job: dict[str, Any]) -> str:
    return "\n".join([*job["before_script"], *job["script"]])


def test_the_action_follows_its_schema() -> None:
    jsonschema.validate(ACTION, schema("github-actions"))


def test_the_gitlab_template_follows_its_schema() -> None:
    jobs = fill_template({"source": "https://x/y", "version": "v1", "model": "m"})
    jsonschema.validate(jobs, schema("gitlab-ci"))


def test_the_action_uses_its_declared_inputs_and_official_actions_alone() -> None:
    text = yaml.safe_dump(ACTION["runs"])
    used = {found.removeprefix("inputs.") for found in EXPRESSION.findall(text)}
    assert {name for name in used if not name.startswith(("steps.", "github."))} == set(
        ACTION["inputs"]
    )
    actions = [step["uses"] for step in STEPS if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z/-]+@v\d+", name) for name in actions)
    steps = {step["id"] for step in STEPS if "id" in step}
    assert set(re.findall(r"steps\.([a-z]+)\.", text + str(ACTION["outputs"]))) == steps


def test_no_script_holds_an_expression() -> None:
    """An input in a script would be code, so the scripts get them as environment variables."""
    scripts = [step["run"] for step in STEPS if "run" in step] + [
        lines(job) for job in JOBS.values()
    ]
    assert len(scripts) > 5
    for script in scripts:
        assert "${{" not in script
        assert "$[[" not in script


def test_the_gitlab_template_uses_its_declared_inputs_alone() -> None:
    assert set(INPUT.findall(yaml.safe_dump(JOBS))) == set(HEADER["spec"]["inputs"])


def test_both_have_the_same_inputs_and_settings() -> None:
    declared = HEADER["spec"]["inputs"]
    assert set(declared) - GITLAB_ONLY == set(ACTION["inputs"]) - ACTION_ONLY
    for name in set(declared) & set(ACTION["inputs"]):
        assert declared[name].get("default", "") == ACTION["inputs"][name].get("default", "")
    (gate,) = (step["env"] for step in STEPS if step.get("id") == "gate")
    (job,) = JOBS.values()
    settings = set(gate) - {"VENV", "GATE"}
    assert settings == set(job["variables"]) - {
        *("SOURCE", "VERSION", "TORCH_INDEX", "ROBUSTBERT_CACHE", "PIP_CACHE_DIR")
    }
    script = (ROOT / "ci" / "gate.sh").read_text(encoding="utf-8")
    assert settings | {"URL"} == set(re.findall(r"\$\{?([A-Z][A-Z_]+)", script)) - {"PATH"}


@pytest.mark.parametrize("inputs", [ACTION["inputs"], HEADER["spec"]["inputs"]])
def test_the_defaults_of_the_descriptions_are_those_of_the_code(inputs: dict[str, Any]) -> None:
    def stated(name: str) -> str:
        return re.search(r"default:? (\S+)$", inputs[name]["description"])[1]

    quick, policy = load_suite("quick"), GatePolicy()
    assert stated("recipes") == ",".join(quick.recipes)
    assert quick.num_examples is None
    assert int(stated("num-examples")) == DEFAULT_EXAMPLES
    assert float(stated("max-drop")) == policy.max_drop
    assert float(stated("alpha")) == policy.alpha


@pytest.mark.skipif(
    sys.platform != "linux" or "x86_64" not in sysconfig.get_platform(),
    reason="shellcheck is installed on x86-64 Linux only",
)
def test_shellcheck_finds_nothing(tmp_path: Path) -> None:
    paths = list(SCRIPTS)
    scripts = [step["run"] for step in STEPS if "run" in step] + [
        lines(job) for job in JOBS.values()
    ]
    for number, script in enumerate([*scripts, *blocks("bash")]):
        paths.append(tmp_path / f"{number}.sh")
        paths[-1].write_text(script, encoding="utf-8")
    shellcheck = shutil.which("shellcheck", path=sysconfig.get_path("scripts")) or "shellcheck"
    command = [shellcheck, "--shell=bash", *paths]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.stdout + checked.stderr == ""


def test_everything_that_the_scripts_read_is_in_the_source_distribution() -> None:
    manifest = (ROOT / "MANIFEST.in").read_text(encoding="utf-8").split()
    script = (ROOT / "ci" / "install.sh").read_text(encoding="utf-8")
    for name in (*re.findall(r"\$checkout/([\w.-]+)", script), "action.yml", "ci"):
        assert (ROOT / name).exists()
        assert name in manifest
    assert all(path.stat().st_mode & 0o111 for path in SCRIPTS)


def test_the_pre_commit_hook_is_a_command() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert (hook["id"], hook["language"], hook["pass_filenames"]) == (
        *("robustbert-compare", "system"),
        False,
    )
    program, *arguments = shlex.split(hook["entry"])
    assert program == "robustbert"
    assert _parser().parse_args(arguments).quick is True


def test_the_workflows_of_the_page_use_inputs_of_the_action() -> None:
    pull_request, nightly, include, fail_under, _ = blocks("yaml")
    for block in (pull_request, nightly, fail_under):
        assert not action_inputs(block).keys() - ACTION["inputs"].keys()
    for block in (pull_request, nightly):
        workflow = yaml.safe_load(block.replace("on:", "'on':", 1))
        jsonschema.validate(workflow, schema("github-workflows"))
    gate = pull_request[pull_request.index("- uses: actions/checkout") :]
    assert len(gate.splitlines()) == 5
    (template,) = yaml.safe_load(include)["include"]
    assert not template["inputs"].keys() - HEADER["spec"]["inputs"].keys()
    schedules = {
        name.removeprefix("nightly-"): given["default"]
        for name, given in HEADER["spec"]["inputs"].items()
        if name.startswith("nightly-")
    }
    assert schedules.items() <= action_inputs(nightly).items()


def test_the_configuration_of_pre_commit_is_valid() -> None:
    (repo,) = yaml.safe_load(blocks("yaml")[-1])["repos"]
    (used,) = repo["hooks"]
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert used["id"] == hook["id"]
    options = _parser().parse_args([*shlex.split(hook["entry"])[1:], *used["args"]])
    assert options.quick is True
    assert options.test_file == "data/test.csv"


def test_the_gate_table_of_the_page_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "robustbert.toml"
    path.write_text(blocks("toml")[0], encoding="utf-8")
    assert load_gate_config(path).model == "models/mine"


@pytest.mark.parametrize("block", blocks("python"), ids=["marker", "fixture"])
def test_the_pytest_examples_have_arguments_of_the_plugin(block: str) -> None:
    signature = inspect.signature(check_robustness)
    calls = [node for node in ast.walk(ast.parse(block)) if isinstance(node, ast.Call)]
    attacks = [call for call in calls if ast.unparse(call.func).endswith("robustness")]
    assert attacks
    for call in attacks:
        signature.bind(*call.args, **{str(given.arg): given.value for given in call.keywords})


def test_the_smallest_drops_of_the_page_are_those_of_the_code() -> None:
    shown = re.findall(
        r"(\d+) examples (?:show a drop|one) of ([\d.]+)\spoints", " ".join(PAGE.split())
    )
    drops = [(n, f"{100 * smallest_drop(int(n), 0.1, 0.05 / 5):.1f}") for n in ("100", "500")]
    assert shown == drops
