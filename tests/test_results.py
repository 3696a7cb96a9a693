"""Committed results: complete, checked, and reproducible."""

from __future__ import annotations

import importlib.util
import json
import random
import re
import shutil
import sys
import time
from functools import cache
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest

from robustbert.attacks.protocol import PROTOCOL_REVISION
from robustbert.bench import Overrides, load_suite, make_plan
from robustbert.cli import main
from robustbert.errors import RecordError
from robustbert.leaderboard.checks.check_results import check_results
from robustbert.leaderboard.planned_cells import PlannedCell, cell_of_record, planned_cells
from robustbert.leaderboard.row_settings import (
    RowSettings,
    rows_of_suite,
    settings_of_victim,
)
from robustbert.leaderboard.suite_table import read_suite_tables
from robustbert.records import (
    PublishedCell,
    cell_name,
    outcomes_path,
    read_published,
    record_name,
)
from tests.leaderboard.published import write_published
from tests.leaderboard.recorded_commands import OTHER_SUITES, plan_of_command
from tests.leaderboard.valid_results import edit_outcome, valid_cell
from tests.records.builders import add_cell, make_outcomes, make_record, write_cell

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results"
SUITES = ("results", "imdb")
COMMITTED = [
    pytest.param(
        suite,
        ROOT / folder,
        marks=pytest.mark.skipif(
            not (ROOT / folder).exists(), reason=f"{folder}: no results are committed yet"
        ),
    )
    for suite, folder in OTHER_SUITES.items()
]
#: A row that is trained in seconds, and that has the same weights on every processor.
ROW = "rotten_tomatoes/published/tfidf-svm-d375b892"


@cache
def committed_cells() -> tuple[PublishedCell, ...]:
    return read_published(RESULTS)


def is_outdated() -> bool:
    """Whether the results use an earlier revision of the protocol."""
    return any(cell.record.protocol.revision != PROTOCOL_REVISION for cell in committed_cells())


# Results are comparable only with those of the same protocol revision.
same_protocol = pytest.mark.skipif(
    is_outdated(), reason="the results use an earlier protocol revision: run make results"
)


@same_protocol
def test_all_cells_of_the_suites_are_committed():
    expected = {
        (
            cell_name(
                cell.dataset, cell.victim.name, cell.victim.defense_names, cell.track, cell.recipe
            ),
            cell.n,
        )
        for suite in SUITES
        for cell in make_plan(load_suite(suite)).cells
    }
    committed = {(record_name(cell.record), cell.record.protocol.n) for cell in committed_cells()}
    assert expected <= committed  # submitted rows are there as well


def test_every_check_passes_in_less_than_two_seconds():
    began = time.process_time()  # other processes of a busy machine do not count
    checked = check_results(RESULTS)
    seconds = time.process_time() - began
    assert seconds < 2 or sys.gettrace(), "coverage traces every line"
    assert not checked.problems
    assert checked.cells == committed_cells()


@pytest.mark.parametrize(("suite", "results"), COMMITTED)
def test_other_results_are_those_of_their_suite(suite: str, results: Path):
    checked = check_results(results)
    assert not checked.problems
    planned = planned_cells(make_plan(load_suite(suite)))
    found = {cell_of_record(cell.record) for cell in checked.cells}
    assert found <= planned
    rows = {(cell.dataset, cell.settings) for cell in found}
    whole = {cell for cell in planned if (cell.dataset, cell.settings) in rows}
    assert found == whole, "whole rows of a dataset"
    assert {cell.record.environment.threads for cell in checked.cells} == {1}


@pytest.mark.parametrize(("suite", "results"), COMMITTED)
def test_other_results_are_complete(suite: str, results: Path):
    found = {cell_of_record(cell.record) for cell in read_published(results)}
    missing = planned_cells(make_plan(load_suite(suite))) - found
    assert not list(missing)[:3], f"{len(missing)} cells are missing"


@pytest.mark.parametrize(("suite", "results"), COMMITTED)
def test_the_commands_of_other_results_plan_their_cells(suite: str, results: Path):
    plans: dict[str, frozenset[PlannedCell]] = {}
    for cell in read_published(results):
        command = str(cell.record.command)
        if command not in plans:
            plans[command] = planned_cells(plan_of_command(command))
        assert cell_of_record(cell.record) in plans[command]


@pytest.mark.skipif(
    not (ROOT / OTHER_SUITES["defense_selection"]).exists(),
    reason="the settings of defenses have not been tried yet",
)
def test_the_defenses_have_the_best_settings_that_were_tried():
    tried = load_suite("defense_selection")
    [table] = read_suite_tables(ROOT / OTHER_SUITES["defense_selection"], tried)
    rows = {line.settings: line.row for line in table.lines}
    methods: dict[str, list[RowSettings]] = {}
    for model in tried.models:
        [(_, victim)] = make_plan(tried, Overrides(models=[model])).victims()
        methods.setdefault(re.sub(r"-\d$", "", model), []).append(settings_of_victim(victim))
    [plain] = methods.pop("plain")
    lowest_clean = rows[plain].clean.value - 0.10
    used = {row for rows in rows_of_suite(load_suite("defenses")).values() for row in rows}
    for settings in methods.values():
        if any(rows[one] is None for one in settings):
            continue  # not all have been run yet
        good = [one for one in settings if rows[one].clean.value >= lowest_clean - 1e-9]
        best = max(good, key=lambda one: rows[one].worst_case.value)  # the first of several
        assert [one.title for one in settings if one in used] == [best.title]


@pytest.mark.skipif(
    not (ROOT / OTHER_SUITES["composition_selection"]).exists(),
    reason="combinations of defenses have not been tried yet",
)
def test_the_best_defenses_are_the_best_combinations_that_were_tried():
    tried = load_suite("composition_selection")
    folder = ROOT / OTHER_SUITES["composition_selection"]
    [table] = read_suite_tables(folder, tried, named=True)
    rows = {line.name: line.row for line in table.lines}
    lowest_clean = rows.pop("plain").clean.value - 0.10
    good = [name for name, row in rows.items() if row.clean.value >= lowest_clean - 1e-9]
    order = sorted(good, key=lambda name: -rows[name].worst_case.value)
    [used] = {
        tuple(found.values()) for found in rows_of_suite(load_suite("best_defenses")).values()
    }
    assert used == ("plain", *order[:2])
    tried_rows, used_rows = (
        {name: settings for settings, name in rows_of_suite(suite)["rotten_tomatoes"].items()}
        for suite in (tried, load_suite("best_defenses"))
    )
    assert all(tried_rows[name] == settings for name, settings in used_rows.items())


def test_the_leaderboard_ignores_other_results(tmp_path: Path):
    cells = [valid_cell("sbbrxr"), valid_cell("sbrr", recipe="textfooler")]
    results = tmp_path / "results"
    write_published(cells, results)
    for folder in OTHER_SUITES.values():
        write_published([valid_cell("sbbrxb", model="tfidf-svm")], tmp_path / folder)
        assert not check_results(tmp_path / folder).problems
    assert not check_results(results).problems
    assert check_results(results).cells == read_published(results)
    assert {cell.record.model.name for cell in read_published(results)} == {"minilm"}


def test_records_match_the_published_json_schema():
    schema = json.loads((RESULTS.parent / "docs" / "record.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    outcome_validator = validator.evolve(schema={**schema, "$ref": "#/$defs/Outcome"})
    for cell in committed_cells():  # records of older schema versions are converted
        validator.validate(cell.record.model_dump())
        outcome_validator.validate(cell.outcomes[0].model_dump())


def script(name: str) -> ModuleType:
    """Import ``benchmarks/NAME.py`` as a module."""
    path = RESULTS.parent / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"robustbert_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look up their module there
    spec.loader.exec_module(module)
    return module


def test_the_costs_of_attacks_are_those_of_the_committed_results(capsys, monkeypatch):
    from robustbert.bench.costs import COSTS

    monkeypatch.setattr(sys, "argv", ["costs.py"])
    script("costs").main()
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f'    ("{recipe}", "{track}"): RecipeCost({cost.queries_per_word:.2f}, '
        f"{cost.overhead_ms:.2f}, {cost.success:.2f}),"
        for (recipe, track), cost in COSTS.items()
    ]


RUN = make_outcomes(skipped=2, robust=4, broken=4)


def test_comparison_of_old_and_new_results(tmp_path, capsys):
    old, new = tmp_path / "old" / "rotten_tomatoes", tmp_path / "new" / "rotten_tomatoes"
    add_cell(old, RUN)
    add_cell(old, RUN, model="tfidf-nb")
    # nine examples: two skipped, two robust, one exhausted (robust before), four broken
    changed = [*RUN[:2], *RUN[2:4], RUN[4].model_copy(update={"status": "exhausted"}), *RUN[6:]]
    record = make_record(changed)
    write_cell(new, record, changed)
    comparison = script("old_and_new")
    comparison.main(tmp_path / "old", tmp_path / "new")
    shown = capsys.readouterr().out
    (row,) = [line for line in shown.splitlines() if line.startswith("| minilm")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[2:8] == [
        *("10 → 9", "40.0 → 33.3", "9", "1"),
        *("77.8 → 77.8", "33.3 → 33.3"),  # over the nine common examples
    ]
    assert cells[9:] == ["0.0 → 14.3", "0.0 → 0.0"]
    assert "Cells only in the old results: rotten_tomatoes unified tfidf-nb pwws." in shown
    assert "Cells only in the new results: none." in shown
    comparison.main(tmp_path / "new", tmp_path / "old")
    new_status = "| rotten_tomatoes | unified | pwws | exhausted | 1 | 0 | 0 | 1 | 0 | 0 |"
    assert new_status in capsys.readouterr().out.splitlines()
    outcomes_path(new, record_name(record)).unlink()
    with pytest.raises(RecordError, match="has no outcomes of"):
        comparison.main(tmp_path / "old", tmp_path / "new")


def test_earlier_results_are_compared_with_published_ones(tmp_path, capsys):
    cell = valid_cell("sbbrxr")
    write_published([cell], tmp_path / "new")
    old = tmp_path / "old" / "rotten_tomatoes"
    write_cell(old, cell.record, cell.outcomes)
    script("old_and_new").main(tmp_path / "old", tmp_path / "new")
    shown = capsys.readouterr().out
    assert "| minilm | pwws | 6 → 6 | 50.0 → 50.0 | 6 | 0 |" in shown
    assert "Cells only in the old results: none." in shown


@same_protocol
@pytest.mark.slow
def test_committed_row_is_reproduced(tmp_path: Path, capsys):
    results, out = tmp_path / "results", ["--out", str(tmp_path / "svm")]
    shutil.copytree(RESULTS / ROW, results / ROW)
    what = ["--results", str(results), "--row", ROW, "--recipe", "deepwordbug"]
    assert main(["leaderboard", "check", "--recompute", "60", *what]) == 0
    *_, summary = capsys.readouterr().out.splitlines()
    assert summary == "recomputed 60 examples of 1 cell: none differ"

    [drawn, *_] = random.Random(7).sample(range(300), 5)
    edit_outcome(results / ROW / "deepwordbug.jsonl", drawn + 1, queries=1)
    assert main(["train", "--dataset", "rotten_tomatoes", "--model", "tfidf-svm", *out]) == 0
    what += ["--model", str(tmp_path / "svm"), "--seed", "7"]
    assert main(["leaderboard", "check", "--recompute", "5", *what]) == 1
    lines = capsys.readouterr().out.splitlines()
    place = f"{results}/{ROW}/deepwordbug.jsonl: recompute: line {drawn + 1}: queries is 1, but "
    assert [line.startswith(place) for line in lines].count(True) == 1
    assert lines[-1] == "recomputed 5 examples of 1 cell: 1 differs"
