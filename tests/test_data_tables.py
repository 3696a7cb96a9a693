"""The tables of docs/data.md: they are current, and say what the reports say."""

from __future__ import annotations

from pathlib import Path

import pytest

import robustbert
from robustbert.data_checks import CHECKS
from robustbert.io import write_bytes
from robustbert.records.strict_json import encode
from tests.leaderboard.table_scripts import load_script, run_script

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
