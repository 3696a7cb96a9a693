"""Runs on texts that are long, truncated or full of unusual characters."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from robustbert.bench import run_plan
from robustbert.records import read_run, record_name
from robustbert.reports import render_text
from tests.bench.toy_runs import options, plan
from tests.tiny import toy_reviews

pytestmark = pytest.mark.usefixtures("own_cache")


def write(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


def rows(make: Callable[[str], str], n: int = 60) -> list[tuple[str, str]]:
    texts, labels = toy_reviews(n)
    return [(make(text), ("neg", "pos")[label]) for text, label in zip(texts, labels, strict=True)]


def test_truncated_texts_are_counted_and_footnoted(tmp_path, bert):
    long = write(tmp_path / "long.csv", rows(lambda text: f"{text} " + "and very dull " * 45))
    result = run_plan(plan(long, bert, n=2, recipes=("pruthi",)), options(tmp_path / "out"))
    assert result.records[0].counts.truncated == 2
    assert "truncates some clean texts: bert (2 of 2)" in render_text(result.table)


UNUSUAL = {
    "emoji": lambda text: f"😀 {text} 👩‍👩‍👧🏳️‍🌈",
    "right to left": lambda text: f"سيء جدا {text} \u202eהסרט\u202c",
    "control": lambda text: f"\x07{text}\x1b[31m \x7f\x85end",
    "NUL": lambda text: f"{text}\0 \0",
    "only emoji": lambda text: " ".join("😀" + "👍" * len(word) for word in text.split()),
}


@pytest.mark.parametrize("model", ["svm", "bert"])
def test_unusual_texts_are_attacked(model, request, tmp_path):
    """All kinds are in one file, and every test example is attacked."""
    made = [row for make in UNUSUAL.values() for row in rows(make, 40)]
    folder = request.getfixturevalue(model)
    small = plan(write(tmp_path / "unusual.csv", made), folder, n=8)
    result = run_plan(small, options(tmp_path / "out"))
    outcomes = read_run(tmp_path / "out").outcomes[record_name(result.records[0])]
    assert [outcome.error for outcome in outcomes if outcome.error] == []


def test_a_long_text_is_attacked(tmp_path, svm):
    """Long enough that quadratic work in TextAttack would be noticeable."""
    long = write(tmp_path / "long.csv", rows(lambda text: f"{text} " + "and a film " * 30))
    result = run_plan(plan(long, svm, n=1, recipes=("pruthi",)), options(tmp_path / "out"))
    assert result.errors == 0
