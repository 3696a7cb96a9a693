"""The wheel contains everything that is read at run time, and works outside the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that pip would install into site-packages."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, source)
    for name in ("robustbert", "benchmarks", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(CHECKOUT / name, source / name, ignore=ignored)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist"]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (wheel,) = (source / "dist").glob("*.whl")
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder)
    return folder


def files(folder: Path) -> set[str]:
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in paths if "__pycache__" not in path.parts}


def test_it_contains_the_package_and_the_suites_and_nothing_else(installed: Path):
    package = {f"robustbert/{name}" for name in files(CHECKOUT / "robustbert")}
    suites = {f"robustbert/suites/{name}" for name in files(CHECKOUT / "benchmarks" / "suites")}
    found = {name for name in files(installed) if ".dist-info/" not in name}
    assert found == package | suites


def test_it_finds_its_suites_from_another_folder(installed: Path, tmp_path: Path):
    code = f"""
import sys
sys.path.insert(0, {str(installed)!r})
import robustbert
assert robustbert.__file__.startswith({str(installed)!r})
from robustbert.bench.suite import suite_names
print(*suite_names())
"""
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert answer.stdout.split() == sorted(
        path.stem for path in (CHECKOUT / "benchmarks" / "suites").glob("*.toml")
    )


RIGHT = """
import numpy as np
import torch

import robustbert as rb
import robustbert.models
import robustbert.reports

dataset = rb.load_dataset("rotten_tomatoes")
names: tuple[str, ...] = dataset.label_names
model = rb.load_model("models/svm", label_names=names)
examples = rb.select_examples(dataset, "test", 10, seed=0).items
run = rb.AttackRunner(model, "deepwordbug", length=dataset.length).run(examples)
statuses: list[str] = [outcome.status for outcome in run.outcomes]


def endpoint(texts: list[str]) -> list[list[float]]:
    return [[0.5, 0.5] for _ in texts]


def compare(module: torch.nn.Module, pipeline: object, tokenizer: object) -> float | None:
    victims: list[rb.models.Classifier] = [
        rb.TorchClassifier(module, tokenizer, names),
        rb.SklearnClassifier(pipeline, names, name="pipeline"),
        rb.CallableClassifier(endpoint, names, concurrency=4, cache="answers.sqlite"),
    ]
    probabilities: np.ndarray = victims[0].predict_proba(["fine"])
    result = rb.attack(victims[0], "textfooler", ["a fine film"], ["positive"])
    result.show(n=probabilities.shape[0])
    table: rb.reports.Table = rb.bench(victims, recipes=["pwws"], dataset=dataset, n=50).table
    return result.accuracy_under_attack.value
"""
WRONG = """
import robustbert as rb

number: int = rb.load_model("models/svm")
rb.load_dataset("rotten_tomatoes", text_column=7)
rb.AttackRunner(rb.load_model("models/svm"), recipes=["pwws"])
rb.CallableClassifier("not a function", ["neg", "pos"])
rb.attack(rb.load_model("models/svm"), "pwws", ["text"], ["pos"]).accuracy
table: str = rb.bench("models/svm", "pwws", "rotten_tomatoes").table
"""
MYPY = """
[mypy]
strict = true
# For the time of the test alone: these packages are large.
[mypy-torch.*,pandas.*,scipy.*,sklearn.*,transformers.*,datasets.*]
follow_imports = skip
"""


@pytest.mark.slow
def test_a_type_checker_sees_the_types_of_the_installed_package(installed: Path, tmp_path: Path):
    for name, text in (("right.py", RIGHT), ("wrong.py", WRONG), ("mypy.ini", MYPY)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "right.py", "wrong.py"]
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    reported = [re.sub(r": error: .*(?=\[)", " ", line) for line in result.stdout.splitlines()]
    assert reported == [
        "wrong.py:4 [assignment]",
        "wrong.py:5 [arg-type]",
        "wrong.py:6 [call-arg]",
        "wrong.py:7 [arg-type]",
        "wrong.py:8 [attr-defined]",
        "wrong.py:9 [assignment]",
    ]
