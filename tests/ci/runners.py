"""Run the scripts of action.yml and ci/gitlab.yml with the environment that their runners set."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HEADER, JOBS = yaml.safe_load_all((ROOT / "ci" / "gitlab.yml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
EXPRESSION = re.compile(r"\$\{\{ (.*?) \}\}")
INPUT = re.compile(r"\$\[\[ inputs\.([a-z-]+) \]\]")

# Makes an environment whose pip only writes down its arguments, one call per line, and whose
# robustbert is the one on PATH: an installation takes minutes.
PYTHON = f"""#!/bin/bash
set -eu
if [[ "$1 $2" == "-m venv" ]]; then
  mkdir -p "$3/bin"
  ln -s "$(command -v robustbert)" "$3/bin/robustbert"
  printf '#!/bin/bash\\necho "$*" >>"%s"\\n' "$FAKE_INSTALLED" >"$3/bin/python"
  chmod +x "$3/bin/python"
else
  exec {sys.executable} "$@"
fi
"""


def schema(name: str) -> Any:
    """A JSON schema that check-jsonschema contains, such as ``github-workflows``."""
    folder = files("check_jsonschema") / "builtin_schemas" / "vendor"
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def blocks(language: str) -> list[str]:
    """The code blocks of docs/ci.md in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


def action_inputs(block: str) -> dict[str, str]:
    """The inputs of the action in a workflow, or in a step, of docs/ci.md."""
    found = yaml.safe_load(block)
    steps = found if isinstance(found, list) else found["jobs"]["robustness"]["steps"]
    assert steps[-1]["uses"] == "OWNER/robustbert@v0.1.0"
    return {name: str(value) for name, value in steps[-1]["with"].items()}


@dataclass
class Repository:
    """A user's repository, and the programs and services that its jobs find.

    Args:
        folder: the repository.
        robustbert: the program ``robustbert``.
    """

    folder: Path
    robustbert: Path
    log: str = ""
    programs: Path = field(init=False)
    comments: Path = field(init=False)

    def __post_init__(self) -> None:
        self.programs = self.folder.parent / "programs"
        self.programs.mkdir()
        (self.programs / "robustbert").symlink_to(self.robustbert)
        self._write_program("python3", PYTHON)
        for name in ("gh", "curl"):
            fake = Path(__file__).with_name(f"fake_{name}.py")
            self._write_program(name, f'#!/bin/bash\nexec {sys.executable} {fake} "$@"\n')
        self.comments = self.folder.parent / "comments.json"

    def _write_program(self, name: str, text: str) -> None:
        path = self.programs / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def installed(self) -> list[str]:
        """The arguments of each call of pip in the last run."""
        return (self.folder.parent / "installed").read_text(encoding="utf-8").splitlines()

    def bash(self, script: str, environment: dict[str, str], options: str = "-e") -> int:
        """Run a script in the repository; its output is added to the log."""
        kept = ("HOME", "HF_HUB_OFFLINE", "LANG", "ROBUSTBERT_CACHE", "XDG_CACHE_HOME")
        whole = {
            **{name: os.environ[name] for name in kept if name in os.environ},
            "PATH": f"{self.programs}:/usr/local/bin:/usr/bin:/bin",
            "FAKE_COMMENTS": str(self.comments),
            "FAKE_ARTIFACT": str(self.folder.parent / "runner" / "robustbert" / "robustbert"),
            "FAKE_INSTALLED": str(self.folder.parent / "installed"),
            **environment,
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", options, "-o", "pipefail", "-c", script],
            cwd=self.folder,
            env=whole,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.log += done.stdout
        return done.returncode


@dataclass(frozen=True)
class ActionRun:
    """What a run of the action left.

    Args:
        exit_code: that of the first step that failed, else 0.
        summary: the step summary.
        outputs: the outputs of the action.
        used: the inputs of the actions that it uses, keyed by their names.
    """

    exit_code: int
    summary: str
    outputs: dict[str, str]
    used: dict[str, dict[str, str]]


def run_action(
    repository: Repository, inputs: dict[str, str], *, pull_request: str = "7", token: str = "t"
) -> ActionRun:
    """Run the steps of action.yml in order; the actions that it uses are only written down."""
    temporary = repository.folder.parent / "runner"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    values = {"github.token": token, "github.event.pull_request.number": pull_request}
    values["steps.python.outputs.python-path"] = str(repository.programs / "python3")
    values["steps.restore.outputs.cache-matched-key"] = ""

    def fill(text: str) -> str:
        return EXPRESSION.sub(lambda found: values.get(found[1], ""), text)

    for name, given in ACTION["inputs"].items():
        values[f"inputs.{name}"] = inputs.get(name, fill(given.get("default", "")))
    common = {
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_OUTPUT": str(temporary / "output"),
        "GITHUB_STEP_SUMMARY": str(temporary / "summary"),
        "GITHUB_REPOSITORY": "team/classifier",
        "GITHUB_RUN_ID": "12",
        "GITHUB_SERVER_URL": "https://github.com",
        "RUNNER_TEMP": str(temporary),
        "RUNNER_OS": "Linux",
        "RUNNER_ARCH": "X64",
    }
    (temporary / "summary").touch()
    used: dict[str, dict[str, str]] = {}
    code = 0
    for step in ACTION["runs"]["steps"]:
        if "uses" in step:
            used[step["uses"]] = {name: fill(str(value)) for name, value in step["with"].items()}
            continue
        (temporary / "output").write_text("", encoding="utf-8")
        environment = {name: fill(value) for name, value in step["env"].items()}
        code = repository.bash(step["run"], {**common, **environment})
        for line in (temporary / "output").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            values[f"steps.{step['id']}.outputs.{name}"] = value
        if code:
            break
    return ActionRun(
        exit_code=code,
        summary=(temporary / "summary").read_text(encoding="utf-8"),
        outputs={name: fill(output["value"]) for name, output in ACTION["outputs"].items()},
        used=used,
    )


def fill_template(inputs: dict[str, str]) -> dict[str, Any]:
    """The jobs of ci/gitlab.yml with these inputs."""
    declared = HEADER["spec"]["inputs"]
    assert not inputs.keys() - declared.keys()
    values = {name: inputs.get(name, given.get("default")) for name, given in declared.items()}

    def fill(node: Any) -> Any:
        if isinstance(node, dict):
            return {fill(key): fill(value) for key, value in node.items()}
        if isinstance(node, list):
            return [fill(value) for value in node]
        return INPUT.sub(lambda found: values[found[1]], node) if isinstance(node, str) else node

    filled: dict[str, Any] = fill(JOBS)
    return filled


def run_gitlab(
    repository: Repository, inputs: dict[str, str], *, event: str, token: str = "secret"
) -> int:
    """Run the job of ci/gitlab.yml; returns its exit code."""
    shutil.rmtree(repository.folder / ".robustbert", ignore_errors=True)
    (job,) = fill_template(inputs).values()
    (rule,) = (one for one in job["rules"] if one["if"] == f'$CI_PIPELINE_SOURCE == "{event}"')
    common = {
        "CI_API_V4_URL": "https://gitlab.example/api/v4",
        "CI_JOB_URL": "https://gitlab.example/team/classifier/-/jobs/12",
        "CI_PROJECT_DIR": str(repository.folder),
        "CI_PROJECT_ID": "3",
    }
    if event == "merge_request_event":
        common["CI_MERGE_REQUEST_IID"] = "7"
    if token:
        common["ROBUSTBERT_TOKEN"] = token
    variables = {**job["variables"], **rule.get("variables", {})}
    variables = {
        name: re.sub(r"\$(CI_\w+)", lambda found: common[found[1]], value)
        for name, value in variables.items()
    }
    del variables["ROBUSTBERT_CACHE"]  # the assets take minutes to build
    script = "\n".join([*job["before_script"], *job["script"]])
    return repository.bash(script, {**common, **variables})
