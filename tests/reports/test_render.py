"""The table as text, Markdown and CSV, with names that mean harm."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys

import pandas as pd
import pytest

from robustbert.records import record_name
from robustbert.reports import (
    Table,
    leaderboard_table,
    render_markdown,
    render_text,
    to_csv,
)
from tests.records.builders import make_outcomes, make_record

SKIPPED = 16
OUTCOMES = make_outcomes(skipped=SKIPPED, robust=30, broken=54)
SEVEN = ["deepwordbug", "pruthi", "pwws", "textbugger", "textfooler", "iga", "a2t"]
HOSTILE = [
    "a|b",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "`code`",
    "[x](javascript:alert(1))",
    "![i](https://example.com/i.png)",
    "\x1b[2J\x1b[31mred",
    "a\nb\r\n| c |",
    "\u202egnp.exe",
    'quoted "name", with a comma',
    "a\\",
]


def table_of(models: list[str], recipes: list[str]) -> Table:
    records = [make_record(OUTCOMES, model=m, recipe=r) for m in models for r in recipes]
    return leaderboard_table(records, {record_name(record): OUTCOMES for record in records})


def test_text() -> None:
    text = render_text(table_of(["minilm", "tfidf-svm"], ["pwws"]))
    assert text.splitlines()[0] == (
        "rotten_tomatoes (test, n=100), unified track: accuracy in %, 95% intervals"
    )
    row = next(line for line in text.splitlines() if line.startswith("tfidf-svm"))
    assert re.split(r" {2,}", row) == [
        "tfidf-svm",
        "84.0 [75.6, 89.9]",
        "30.0 [21.9, 39.6]",
        "30.0 [21.9, 39.6]",
        "10.0",
        "33.3%",
    ]


def test_another_n_and_missing_recipes_show_in_their_cells() -> None:
    records = [make_record(OUTCOMES), make_record(OUTCOMES, model="b")]
    records.append(make_record(make_outcomes(robust=15, broken=15), recipe="iga"))
    text = render_text(leaderboard_table(records))
    assert "50.0 [33.2, 66.8] (n=30)" in text
    last = next(line for line in text.splitlines() if line.startswith("b "))
    assert re.split(r" {2,}", last)[3:] == ["n/a", "n/a", "10.0", "n/a"]
    assert "\n  run on another number of examples" in text


@pytest.mark.parametrize("width", [80, 120, 140])
def test_wide_tables_fit_the_terminal(width: int) -> None:
    models = ["minilm", "file:/a/long/path/of/some/model/that/goes/on/and/on/checkpoint-1"]
    text = render_text(table_of(models, SEVEN), width)
    assert max(map(len, text.splitlines())) <= width
    for recipe in SEVEN:
        assert len(re.findall(rf"\b{recipe}\b", text)) == 1
    assert text.count("checkpoint-1") == text.count("minilm") > 1


def test_the_quick_suite_is_one_block() -> None:
    records = [
        make_record(OUTCOMES, recipe=recipe, defense=defense)
        for recipe in SEVEN[:3]
        for defense in (None, "adversarial-training")
    ]
    text = render_text(leaderboard_table(records))
    assert "\n+ adversarial-training" in text
    assert max(map(len, text.splitlines())) <= 140
    assert len(re.findall("^model", text, re.MULTILINE)) == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_in_their_line_of_text(name: str) -> None:
    plain = render_text(table_of(["x", "plain"], ["pwws"]))
    hostile = render_text(table_of([name, "plain"], ["pwws"]))
    assert hostile.count("\n") == plain.count("\n")
    assert hostile.replace("\n", "").isprintable()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_in_their_markdown_cell(name: str) -> None:
    parser = pytest.importorskip("markdown_it").MarkdownIt("gfm-like", {"linkify": False})
    records = [make_record(OUTCOMES, model=name, recipe=name, dataset=name, defense=name)]
    rendered = parser.render(render_markdown(leaderboard_table(records)))
    assert (rendered.count("<h3>"), rendered.count("<tr>")) == (1, 2)
    assert (rendered.count("<th"), rendered.count("<td")) == (6 + 1, 6)
    assert not re.search(r"<(script|a|img|code|em|strong)\b", rendered)


def test_markdown() -> None:
    lines = render_markdown(table_of(["minilm"], ["pwws"])).splitlines()
    assert lines[2:] == [
        "| model | clean accuracy | pwws | worst case | queries | words changed |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        "| minilm | 84.0 [75.6, 89.9] | 30.0 [21.9, 39.6] | 30.0 [21.9, 39.6] | 10.0 | 33.3% |",
    ]


def test_csv_numbers_are_numbers() -> None:
    table = table_of(["minilm", "=1+1"], ["pwws", "iga"])
    frame = pd.read_csv(io.StringIO(to_csv(table)))
    assert list(frame.model) == ["minilm", "'=1+1"]
    row = table.groups[0].rows[0]
    assert frame.clean_accuracy_value[0] == row.clean.value
    assert frame.pwws_low[0] == row.recipes[0].low
    assert frame.worst_case_high[0] == row.worst_case.high
    assert frame.iga_n[0] == 100
    assert frame.words_changed_share[0] == row.words_changed
    assert frame.defense.isna().all()


def test_csv_of_several_groups_has_one_header() -> None:
    records = [make_record(OUTCOMES), make_record(OUTCOMES, dataset="bbc_news", recipe="iga")]
    rows = list(csv.DictReader(io.StringIO(to_csv(leaderboard_table(records)))))
    assert [row["dataset"] for row in rows] == ["rotten_tomatoes", "bbc_news"]
    assert [row["iga_value"] for row in rows] == ["", "0.3"]
    assert [row["pwws_value"] for row in rows] == ["0.3", ""]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_data_in_csv(name: str) -> None:
    records = [make_record(OUTCOMES, model=name, recipe=name, dataset=name, defense=name)]
    rows = list(csv.reader(io.StringIO(to_csv(leaderboard_table(records)))))
    assert len(rows) == 2
    assert len(rows[0]) == len(rows[1])
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_an_empty_table_is_empty() -> None:
    table = leaderboard_table([])
    assert render_text(table) == render_markdown(table) == ""
    assert to_csv(table).count("\n") == 1


def test_importing_is_light() -> None:
    code = (
        "import sys, robustbert.reports, robustbert.metrics\n"
        "heavy = {'torch', 'pandas', 'numpy', 'scipy', 'tabulate', 'textattack'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
