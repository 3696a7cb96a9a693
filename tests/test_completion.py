"""Shell completion: what a shell asks, and bash itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from robustbert.attacks import RECIPES, TRACKS
from robustbert.commands.list_command import LISTS
from robustbert.data import DATASETS
from robustbert.defenses import DEFENSES
from robustbert.models import MODELS
from robustbert.paths import suite_names


def request(line: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Ask robustbert as a shell does; the answer is in the file ``answer``."""
    environment = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(tmp_path / "answer"),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "COMP_TYPE": "9",
    }
    return subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "robustbert"],
        cwd=tmp_path,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )


def completions(line: str, tmp_path: Path) -> list[str]:
    """The sorted completions of the last word of a command line."""
    request(line, tmp_path)
    return sorted(word.strip() for word in (tmp_path / "answer").read_text().split("\n"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("robustbert tr", ["train"]),
        ("robustbert attack --dat", ["--dataset"]),
        ("robustbert attack --dataset rotten", ["rotten_tomatoes"]),
        ("robustbert attack --dataset ", list(DATASETS)),
        ("robustbert attack --recipe ", list(RECIPES)),
        ("robustbert attack --track ", list(TRACKS)),
        ("robustbert attack --defense ", list(DEFENSES)),
        ("robustbert bench --defense pgd --set ", [""]),
        ("robustbert train --model ", list(MODELS)),
        ("robustbert bench --suite ", list(suite_names())),
        ("robustbert bench --models minilm,tfidf-s", ["minilm,tfidf-svm"]),
        ("robustbert bench --models mine=minilm,tfidf-s", ["mine=minilm,tfidf-svm"]),
        ("robustbert attack --recipe pwws,deep", ["pwws,deepwordbug"]),
        ("robustbert show runs/one --recipe deep", ["deepwordbug"]),
        ("robustbert card runs/one --dataset rotten", ["rotten_tomatoes"]),
        ("robustbert plot runs/one --recipe deep", ["deepwordbug"]),
        ("robustbert explore runs/one --recipe deep", ["deepwordbug"]),
        ("robustbert expl", ["explain", "explore"]),
        ("robustbert explain --method integ", ["integrated-gradients"]),
        ("robustbert attack --seed ", [""]),
        ("robustbert list ", list(LISTS)),
        ("robustbert --print-completion z", ["zsh"]),
    ],
)
def test_it_completes(line, expected, tmp_path):
    assert completions(line, tmp_path) == sorted(expected)


def test_models_and_other_values_can_be_paths(tmp_path):
    (tmp_path / "my-model").mkdir()
    (tmp_path / "my.toml").touch()
    assert completions("robustbert predict --model my", tmp_path) == ["my-model/"]
    assert completions("robustbert bench --suite my", tmp_path) == ["my-model/", "my.toml"]
    assert completions("robustbert bench --out my", tmp_path) == ["my-model/", "my.toml"]
    assert completions("robustbert train --test-file my.", tmp_path) == ["my.toml"]
    assert completions("robustbert bench --models mine=my", tmp_path) == ["mine=my-model/"]
    assert completions("robustbert compare --base-model my", tmp_path) == ["my-model/"]
    assert completions("robustbert compare my-model my", tmp_path) == ["my-model/", "my.toml"]


@pytest.mark.parametrize(
    "option", ["--dataset ", "--model ", "--recipe ", "--track ", "--defense "]
)
def test_it_imports_nothing_that_takes_seconds(option, tmp_path):
    lines = request(f"robustbert attack {option}", tmp_path).stderr.splitlines()
    imported = {line.rpartition("|")[2].strip() for line in lines}
    assert "robustbert.commands.completion" in imported
    heavy = {"torch", "transformers", "datasets", "textattack", "pandas", "sklearn", "scipy"}
    assert not imported & heavy


def test_argcomplete_is_not_imported_without_a_request():
    code = "import sys, robustbert.cli; assert 'argcomplete' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("robustbert attack --recipe deep", "deepwordbug"),
        ("robustbert bench --models mine=tfidf-s", "tfidf-svm"),  # "=" separates words in bash
    ],
)
def test_bash_completes(line, expected, tmp_path):
    program = tmp_path / "bin" / "robustbert"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m robustbert "$@"\n')
    program.chmod(0o755)
    script = f"""
    eval "$(robustbert --print-completion bash)"
    complete -p robustbert
    COMP_LINE="{line}" COMP_POINT={len(line)} COMP_TYPE=9
    _python_argcomplete robustbert
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    environment = os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    result = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    definition, answer = result.stdout.splitlines()
    assert definition.endswith("-F _python_argcomplete robustbert")
    assert answer.strip() == expected


@pytest.mark.parametrize(("shell", "mark"), [("zsh", "#compdef robustbert"), ("fish", "function")])
def test_other_shells_get_their_code(shell, mark, capsys):
    from robustbert.cli import main

    with pytest.raises(SystemExit) as done:
        main(["--print-completion", shell])
    assert done.value.code == 0
    assert mark in capsys.readouterr().out
