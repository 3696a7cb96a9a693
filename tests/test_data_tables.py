"""The tables of docs/data.md: they are current, and say what the reports say."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

import robustbert
from robustbert.cli import _parser
from robustbert.data_checks import CHECKS
from robustbert.io import write_bytes
from robustbert.learning_curves import read_curve
from robustbert.learning_curves.curve_options import GridPoint
from robustbert.records.strict_json import encode
from tests.leaderboard.table_scripts import load_script, run_script
from tests.learning_curves.conftest import made_curve, made_point

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def script():
    return load_script(ROOT / "docs" / "data_tables.py")


@pytest.fixture
def reports(script, tmp_path):
    """Reports of 6 rows, two of which have one text; label-errors is not measured."""
    texts = ["a fine film", "a dull film", "so good", "so bad", "so good", "hm"]
    skip = ["label-errors"]
    report = robustbert.check_data((texts, ["pos", "neg"] * 3), name="own", skip=skip)
    unmeasured = report.check("leakage").model_copy(update={"name": "label-errors"})
    report = report.model_copy(update={"checks": [*report.checks, unmeasured]})
    for name in (*script.DATASETS, script.OVERLAP):
        write_bytes(tmp_path / f"{name}.json", encode(report))
    return tmp_path


def test_the_page_is_current(script, monkeypatch):
    assert run_script(script, monkeypatch, "--check") == 0


def test_findings_over_their_limits_are_bold(script, reports):
    table = script.findings_table(reports).splitlines()
    assert table[0] == "| check | own (6 rows) | own (6 rows) | own (6 rows) |"
    cells = {line.split(" | ")[0].strip("| `"): line.split(" | ")[1] for line in table[2:14]}
    assert list(cells) == list(CHECKS)
    assert cells["duplicates"] == "**16.7% (1)**"
    assert cells["class-balance"] == "100% (3)"
    assert cells["leakage"] == "n/a"
    assert table[-1].startswith("- own: Loading these data ")


def test_every_check_is_listed_with_its_default_limit(script, reports):
    lines = script.checks_table(reports).splitlines()[2:]
    assert [line.split("`")[1] for line in lines] == list(CHECKS)
    assert lines[0].startswith("| `class-balance` | at least 20.0% | size of the smallest class")


def test_reports_hold_no_texts(script):
    for path in (ROOT / script.REPORTS).glob("*.json"):
        report = script.read_report(path.parent, path.stem)
        rows = [r for check in report.checks for finding in check.findings for r in finding.rows]
        assert not any(row.text for row in rows)


def test_the_learning_curve_has_a_table_and_a_plot(script, tmp_path):
    reports = tmp_path / "docs" / "data"
    assert "has not been measured yet" in script.curve_table(reports)
    script.write_plot(tmp_path)
    assert not (tmp_path / script.CURVE_PLOT).exists()
    places = [GridPoint(0.5, 0.0, 0), GridPoint(1.0, 0.0, 0), GridPoint(1.0, 0.2, 0)]
    points = [made_point(place, 15, 9, 8, worst=7) for place in places]
    write_bytes(tmp_path / script.CURVE, encode(made_curve(points)))
    lines = script.curve_table(reports).splitlines()
    assert lines[2].startswith("| 50% | 500 | 0% | 0 | 75.0 [")
    assert lines[-1].endswith(f"]({script.CURVE_PLOT.removeprefix('docs/')})")
    script.write_plot(tmp_path)
    assert (tmp_path / script.CURVE_PLOT).read_bytes().startswith(b"<?xml")


def test_the_committed_curve_is_that_of_the_documented_command(tmp_path, monkeypatch):
    driver = load_script(ROOT / "benchmarks" / "learning_curves.py")
    curve = made_curve([made_point(GridPoint(1.0, 0.0, 0), 15, 9, 8, worst=7)])
    commands = []

    def run(command):
        commands.append(command)
        write_bytes(tmp_path / "runs" / "rotten_tomatoes" / "curve.json", encode(curve))
        return 0

    monkeypatch.setattr(driver, "robustbert", run)
    folders = ["--out", str(tmp_path / "runs"), "--results", str(tmp_path / "results")]
    assert driver.main(folders) == 0
    assert read_curve(tmp_path / "results" / "rotten_tomatoes.json") == curve
    document = (ROOT / "docs" / "data.md").read_text(encoding="utf-8").replace("\\\n", " ")
    (documented,) = (line for line in document.splitlines() if line.startswith("robustbert curve"))
    parsed = [
        vars(_parser().parse_args(words)) | {"out": None}
        for words in (commands[0], shlex.split(documented)[1:])
    ]
    defaults = {"seeds": [0, 1, 2], "recipes": ["deepwordbug", "pwws"]}
    assert parsed[0] == parsed[1] | defaults


def test_quoted_texts_are_found_in_long_documents():
    script = load_script(ROOT / "benchmarks" / "quoted_texts.py")
    texts = [
        "A fine film, indeed.",
        "A fine film at last",
        "too short",
        "Not quoted by any of them",
    ]
    documents = ["He said: a FINE film indeed! And left.", "A fine film, at last."]
    assert script.quoted(texts, documents, 4) == (2, 3)
    assert script.quoted(texts, documents, 5) == (1, 2)
