"""``--fail-under`` of ``robustbert bench`` and ``robustbert attack``."""

from __future__ import annotations

from pathlib import Path

import pytest

from robustbert.attacks.textattack import search
from robustbert.cli import main

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def run(reviews: Path, svm: Path, tmp_path_factory):
    """Attack 5 examples with the given options, always in one folder; return the exit code."""
    what = f"--model {svm} --dataset file:{reviews} --recipe deepwordbug --track published -n 5"
    out = tmp_path_factory.mktemp("run") / "out"
    return lambda *more: main(["attack", *what.split(), "--out", str(out), *more])


def test_a_threshold_that_is_reached(run, capsys):
    assert run("--fail-under", "clean=0.56") == 0  # 5 of 5: the interval begins at 0.566
    written = capsys.readouterr()
    assert written.err == ""
    assert "reviews (test), published track: thresholds for the lower end of the" in written.out
    assert "svm    clean           56  100.0 [56.6, 100.0]  5  PASSED" in written.out


def test_a_threshold_that_is_not_reached(run, capsys):
    assert run("--fail-under", "worst_case=0.99,clean=1", "--on", "value") == 1
    written = capsys.readouterr()
    table = written.out.partition("thresholds for the value")[2].splitlines()
    results = [line.split()[-1] for line in table if line.startswith("svm ")]
    assert results == ["FAILED", "PASSED"]
    assert written.err.startswith(
        "robustbert: 1 of 2 thresholds failed: worst_case of svm on reviews: "
    )
    assert written.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--fail-under", "cleen=0.5"], "--fail-under: unknown threshold 'cleen'; did you mean"),
        (["--fail-under", "pwws=0.5"], "the recipe pwws is not among those that are run"),
        (["--fail-under", "clean=5"], "give a proportion from 0 to 1"),
        (["--fail-under", "clean=0.8"], "cannot be reached with n=5"),
        (["--on", "value"], "--on is given without --fail-under"),
        (["--fail-under", "clean=0.5", "--on", "high"], "invalid choice: 'high'"),
    ],
)
@pytest.mark.parametrize("command", ["attack", "bench", "dry run"])
def test_wrong_thresholds_are_refused_before_the_run(
    reviews, svm, tmp_path, capsys, command, options, message
):
    out = tmp_path / "out"
    names = ["--dataset", "--model", "--recipe"]
    if command != "attack":
        names = [f"{name}s" for name in names]
    values = [f"file:{reviews}", str(svm), "deepwordbug"]
    given = [word for pair in zip(names, values, strict=True) for word in pair]
    dry = ["--dry-run"] if command == "dry run" else []
    what = ["attack" if command == "attack" else "bench", *given, "-n", "5", "--out", str(out)]
    assert main([*what, *dry, *options]) == 2
    written = capsys.readouterr()
    assert message in written.err
    assert written.err.count("\n") == 1
    assert written.out == ""
    assert not out.exists()


def test_failed_attacks_keep_their_exit_code(reviews, svm, tmp_path, monkeypatch, capsys):
    def fail(*_: object) -> None:
        raise ValueError("broken recipe")

    monkeypatch.setattr(search, "build_attack", fail)
    what = f"--models {svm} --datasets file:{reviews} --recipes deepwordbug -n 5"
    given = ["bench", *what.split(), "--out", str(tmp_path / "out"), "--fail-under"]
    assert main([*given, "clean=0.5"]) == 1
    assert capsys.readouterr().err.startswith("robustbert: 5 attacks failed")
    assert main([*given, "clean=0.5", "--allow-errors"]) == 0
    assert main([*given, "deepwordbug=0.5", "--allow-errors"]) == 1
    assert "deepwordbug of svm on reviews: lower end of the interval 0.0%" in (
        capsys.readouterr().err
    )
