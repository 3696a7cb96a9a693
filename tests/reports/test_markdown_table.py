"""The table as Markdown, also with hostile names."""

from __future__ import annotations

import csv
import io
import re

import pytest

from robustbert.records import record_name
from robustbert.reports import leaderboard_table, render_markdown, render_text, to_csv
from tests.records.builders import make_outcome, make_outcomes, make_record
from tests.reports.tables import changed, defense
from tests.reports.tables import table_of as table_of_cells
from tests.reports.test_render import HOSTILE, OUTCOMES, table_of


def test_markdown() -> None:
    lines = render_markdown(table_of(["minilm"], ["iga", "pwws"])).splitlines()
    assert lines[:2] == [
        "robustbert 0.1.0; TextAttack 0.3.11; protocol revision 2; example seed 0; training seed 0"
        "; 2026-11-24.",
        "",
    ]
    assert lines[2].startswith("Assets profile: offline. The assets are robustbert's offline")
    assert lines[2].endswith("such as those of papers, that use the originals.")
    assert lines[4:11] == [
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
    assert lines[12].startswith("Each recipe: attack success rate in % of the attacked examples")
    assert lines[14:18] == [
        "| model | recipe | success rate | similarity | queries | words changed | examples "
        "| skipped | exhausted |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| minilm | pwws | 64.3 [53.6, 73.7] # | 0.900 | 10.0 | 33.3% | 100 | 16 | 0 |",
        "| minilm | iga | 64.3 [53.6, 73.7] # | 0.900 | 10.0 | 33.3% | 100 | 16 | 0 |",
    ]


def test_replicates_show_mean_and_deviation_without_interval() -> None:
    runs = [make_outcomes(skipped=20, robust=n, broken=80 - n) for n in (20, 30, 40)]
    records = [
        make_record(run, model_sha256=str(seed) * 64, training_seed=seed)
        for seed, run in enumerate(runs)
    ]
    named = {record_name(record): run for record, run in zip(records, runs, strict=True)}
    lines = render_markdown(leaderboard_table(records, named)).splitlines()
    assert lines[10] == (
        "| minilm | 80.0 ± 0.0 (n=3 seeds) | 30.0 ± 10.0 (n=3 seeds) # "
        "| 30.0 ± 10.0 (n=3 seeds) # | 10.0 ± 0.0 (n=3 seeds) | 33.3% ± 0.0 (n=3 seeds) |"
    )
    assert lines[16] == (
        "| minilm | pwws | 62.5 ± 12.5 (n=3 seeds) # | 0.900 ± 0.000 (n=3 seeds) "
        "| 10.0 ± 0.0 (n=3 seeds) | 33.3% ± 0.0 (n=3 seeds) | 100 | 20 ± 0 (n=3 seeds) "
        "| 0 ± 0 (n=3 seeds) |"
    )


def test_details_of_each_recipe_have_its_own_numbers() -> None:
    few = (
        make_outcome("e0", "broken", queries=100, words=4, similarity=0.9),
        make_outcome("e1", "broken", queries=50, words=4, similarity=None),
        make_outcome("e2", "exhausted", queries=60),
        make_outcome("e3", "skipped"),
    )
    none = make_outcomes(skipped=2)
    table = table_of_cells(
        (few, {"recipe": "pwws"}), (few, {"recipe": "iga", "model": "b"}), (none, {"recipe": "a"})
    )
    lines = [line for line in render_markdown(table).splitlines() if line.startswith("| ")]
    assert lines[lines.index(next(x for x in lines if "success rate" in x)) + 2 :] == [
        "| minilm | pwws | 66.7 [20.8, 93.9] § | 0.900 | 70.0 | 25.0% | 4 | 1 | 1 |",
        "| minilm | a | n/a | n/a | n/a | n/a | 2 | 2 | 0 |",
        "| b | iga | 66.7 [20.8, 93.9] § | 0.900 | 70.0 | 25.0% | 4 | 1 | 1 |",
    ]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_do_not_break_markdown_cells(name: str) -> None:
    parser = pytest.importorskip("markdown_it").MarkdownIt("gfm-like", {"linkify": False})
    records = [make_record(OUTCOMES, model=name, recipe=name, dataset=name, defense=name)]
    rendered = parser.render(render_markdown(leaderboard_table(records)))
    assert (rendered.count("<h3>"), rendered.count("<table>"), rendered.count("<tr>")) == (1, 2, 4)
    # each <thead> counts as a header cell
    assert (rendered.count("<th"), rendered.count("<td")) == (3 + 9 + 2, 3 + 9)
    assert not re.search(r"<(script|a|img|code|em|strong)\b", rendered)


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
    assert rendered.count("<tr>") == 2 * 3
    assert not re.search(r"<(script|a|img|code|em|strong)\b", rendered)
    assert render_text(table).replace("\n", "").isprintable()
    cells = [cell for row in csv.reader(io.StringIO(to_csv(table))) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
