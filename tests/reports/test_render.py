"""The table as text, also with hostile names."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from robustbert.records import record_name
from robustbert.reports import (
    Table,
    leaderboard_table,
    render_latex,
    render_markdown,
    render_text,
    to_csv,
)
from tests.records.builders import make_outcomes, make_record
from tests.reports.tables import CORE

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


@pytest.mark.parametrize("width", [80, 100, 120, 140])
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


def defended(recipes: list[str]) -> Table:
    records = [
        make_record(OUTCOMES, recipe=recipe, defense=defense)
        for recipe in recipes
        for defense in (None, "adversarial-training")
    ]
    return leaderboard_table(records, {record_name(record): OUTCOMES for record in records})


def test_quick_suite_fits_one_block_of_the_default_width() -> None:
    text = render_text(defended(["deepwordbug", "pwws", "textfooler"]))
    assert max(map(len, text.splitlines())) <= 100
    [start] = [i for i, line in enumerate(text.splitlines()) if line.startswith("model")]
    rows = [re.split(r" {2,}", line) for line in text.splitlines()[start : start + 7]]
    assert [row[0] for row in rows[3:]] == ["minilm", "", "minilm", "+ adversarial-training"]
    assert rows[0][-3:] == ["worst", "queries", "words"]
    assert rows[3][1:] == ["84.0", *["30.0 #"] * 4, "10.0", "33.3%"]
    assert rows[4][1:] == ["75.6–89.9", *["21.9–39.6"] * 4]


def test_core_recipes_fit_two_blocks_split_before_the_queries() -> None:
    text = render_text(defended(list(CORE)))
    assert max(map(len, text.splitlines())) <= 100
    header = [line.split() for line in text.splitlines() if line.startswith("model")]
    assert header == [["model", "clean", *CORE, "worst"], ["model", "queries", "words"]]


def test_intervals_follow_the_numbers_if_that_fits() -> None:
    assert "84.0 [75.6, 89.9]  30.0 [21.9, 39.6] #" in render_text(defended(list(CORE)), 170)


def test_all_qualifications_of_a_number_are_below_it() -> None:
    runs = [make_outcomes(skipped=2, robust=n, broken=8 - n) for n in (2, 3)]
    few = [run[1:6] for run in runs]
    records = [
        make_record(run, model_sha256=str(seed) * 64, training_seed=seed, recipe=recipe)
        for recipe, of_recipe in (("pwws", runs), ("textfooler", runs), ("iga", few))
        for seed, run in enumerate(of_recipe)
    ]
    lines = render_text(leaderboard_table(records)).splitlines()
    start = lines.index(next(line for line in lines if line.startswith("minilm")))
    assert lines[start].split("  ")[-1].strip() == "50.0 ± 14.1 #"
    assert lines[start + 1].split()[-2:] == ["(n=2", "seeds)"]
    assert lines[start + 2].split() == ["(n=5)"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_do_not_break_text_lines(name: str) -> None:
    wide = 1000  # wide enough that no note is wrapped
    plain = render_text(table_of(["x", "plain"], ["pwws"]), wide)
    hostile = render_text(table_of([name, "plain"], ["pwws"]), wide)
    assert hostile.count("\n") == plain.count("\n")
    assert hostile.replace("\n", "").isprintable()


def test_without_core_recipes_there_are_no_aggregate_columns() -> None:
    text = render_text(table_of(["minilm"], ["pruthi"]))
    assert "There is no worst case: none of the core recipes" in text
    [header] = [line for line in text.splitlines() if line.startswith("model")]
    assert header.split() == ["model", "clean", "pruthi"]
    assert "30.0 [21.9, 39.6]" in text


def test_names_are_not_shortened_if_that_makes_them_equal() -> None:
    start, end = "file:/a/rather/long/path", "and/a/rather/long/end/of/it/checkpoint"
    text = render_text(table_of([f"{start}/one/{end}", f"{start}/two/{end}"], ["pwws"]))
    assert "/one/" in text.replace("\n", "")
    assert "/two/" in text.replace("\n", "")
    assert "…" not in text


def test_empty_table_renders_nothing() -> None:
    table = leaderboard_table([])
    assert render_text(table) == render_markdown(table) == render_latex(table) == ""
    assert to_csv(table).count("\n") == 1


def test_import_does_not_load_heavy_packages() -> None:
    code = (
        "import sys, robustbert.reports, robustbert.metrics\n"
        "heavy = {'torch', 'pandas', 'numpy', 'scipy', 'tabulate', 'textattack', 'jinja2'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
