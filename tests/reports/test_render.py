"""The table as text, Markdown and CSV, also with hostile names."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys

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
from tests.reports.tables import changed, defense

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
        "30.0 [21.9, 39.6] #",
        "30.0 [21.9, 39.6] #",
        "10.0",
        "33.3%",
    ]


def test_different_n_and_missing_recipes_are_shown_in_cells() -> None:
    records = [make_record(OUTCOMES), make_record(OUTCOMES, model="b")]
    records.append(make_record(make_outcomes(robust=15, broken=15), recipe="iga"))
    text = render_text(leaderboard_table(records))
    assert "50.0 [33.2, 66.8] (n=30)" in text
    last = next(line for line in text.splitlines() if line.startswith("b "))
    assert re.split(r" {2,}", last)[3:] == ["n/a", "10.0", "n/a", "n/a"]
    assert "\n  For iga, the number of examples differs" in text


@pytest.mark.parametrize("width", [80, 120, 140])
def test_wide_tables_fit_the_terminal(width: int) -> None:
    models = ["minilm", "file:/a/long/path/of/some/model/that/goes/on/and/on/checkpoint-1"]
    text = render_text(table_of(models, SEVEN), width)
    assert max(map(len, text.splitlines())) <= width
    header = [line for line in text.splitlines() if line.startswith("model ")]
    for recipe in SEVEN:
        assert sum(line.split().count(recipe) for line in header) == 1
    rows = [line for line in text.splitlines() if "  " in line.strip()]
    assert [line.startswith("minilm ") for line in rows].count(True) == len(header) > 1
    assert sum("checkpoint-1 " in line for line in rows) == len(header)


def test_quick_suite_fits_one_block() -> None:
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
def test_hostile_names_do_not_break_text_lines(name: str) -> None:
    wide = 1000  # wide enough that no note is wrapped
    plain = render_text(table_of(["x", "plain"], ["pwws"]), wide)
    hostile = render_text(table_of([name, "plain"], ["pwws"]), wide)
    assert hostile.count("\n") == plain.count("\n")
    assert hostile.replace("\n", "").isprintable()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_do_not_break_markdown_cells(name: str) -> None:
    parser = pytest.importorskip("markdown_it").MarkdownIt("gfm-like", {"linkify": False})
    records = [make_record(OUTCOMES, model=name, recipe=name, dataset=name, defense=name)]
    rendered = parser.render(render_markdown(leaderboard_table(records)))
    assert (rendered.count("<h3>"), rendered.count("<tr>")) == (1, 2)
    assert (rendered.count("<th"), rendered.count("<td")) == (3 + 1, 3)
    assert not re.search(r"<(script|a|img|code|em|strong)\b", rendered)


def test_markdown() -> None:
    lines = render_markdown(table_of(["minilm"], ["iga", "pwws"])).splitlines()
    assert lines[:7] == [
        "### rotten_tomatoes (test, n=100), unified track: accuracy in %, 95% intervals",
        "",
        "Worst case, queries and words changed are computed over pwws; the core recipes "
        "deepwordbug, textbugger and textfooler were not run.",
        "",
        "| model | clean accuracy | pwws | worst case | queries | words changed | iga |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| minilm | 84.0 [75.6, 89.9] | 30.0 [21.9, 39.6] # | 30.0 [21.9, 39.6] # | 10.0 | 33.3% "
        "| 30.0 [21.9, 39.6] # |",
    ]


def test_without_core_recipes_there_are_no_aggregate_columns() -> None:
    text = render_text(table_of(["minilm"], ["pruthi"]))
    assert "There is no worst case: none of the core recipes" in text
    [header] = [line for line in text.splitlines() if line.startswith("model")]
    assert header.split() == ["model", "clean", "pruthi"]
    assert "30.0 [21.9, 39.6]" in text


def test_replicates_show_mean_and_deviation_without_interval() -> None:
    runs = [make_outcomes(skipped=20, robust=n, broken=80 - n) for n in (20, 30, 40)]
    records = [
        make_record(run, model_sha256=str(seed) * 64, training_seed=seed)
        for seed, run in enumerate(runs)
    ]
    named = {record_name(record): run for record, run in zip(records, runs, strict=True)}
    row = render_markdown(leaderboard_table(records, named)).splitlines()[6]
    assert row == (
        "| minilm | 80.0 ± 0.0 (n=3 seeds) | 30.0 ± 10.0 (n=3 seeds) # "
        "| 30.0 ± 10.0 (n=3 seeds) # | 10.0 ± 0.0 (n=3 seeds) | 33.3% ± 0.0 (n=3 seeds) |"
    )


def test_names_are_not_shortened_if_that_makes_them_equal() -> None:
    start, end = "file:/a/rather/long/path", "and/a/rather/long/end/of/it/checkpoint"
    text = render_text(table_of([f"{start}/one/{end}", f"{start}/two/{end}"], ["pwws"]))
    assert "/one/" in text.replace("\n", "")
    assert "/two/" in text.replace("\n", "")
    assert "…" not in text


def test_empty_table_renders_nothing() -> None:
    table = leaderboard_table([])
    assert render_text(table) == render_markdown(table) == ""
    assert to_csv(table).count("\n") == 1


def test_import_does_not_load_heavy_packages() -> None:
    code = (
        "import sys, robustbert.reports, robustbert.metrics\n"
        "heavy = {'torch', 'pandas', 'numpy', 'scipy', 'tabulate', 'textattack'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_parameters_and_sources_are_escaped(name: str) -> None:
    parser = pytest.importorskip("markdown_it").MarkdownIt("gfm-like", {"linkify": False})
    records = [
        make_record(OUTCOMES, defenses=[defense(**{name: value})], variant=str(place) * 8)
        for place, value in enumerate((name, 1))
    ]
    parts = {"recipe": {"params": {name: name}}, "model": {"source": f"all-minilm-l6-v2 {name}"}}
    table = leaderboard_table([changed(records[0], **parts), records[1]])
    assert len({row.label for row in table.groups[0].rows}) == 2
    rendered = parser.render(render_markdown(table))
    assert rendered.count("<tr>") == 3
    assert not re.search(r"<(script|a|img|code|em|strong)\b", rendered)
    assert render_text(table).replace("\n", "").isprintable()
    cells = [cell for row in csv.reader(io.StringIO(to_csv(table))) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
