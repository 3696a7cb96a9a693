"""Reading what a gate compares: run folders, records and baselines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from robustbert.errors import InputError, RecordError
from robustbert.gate import GateRun, read_gate_run
from robustbert.records import (
    make_baseline,
    outcomes_path,
    record_name,
    record_path,
    write_baseline,
    write_outcomes,
)
from tests.records.builders import add_cell, make_outcomes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run folder with two recipes."""
    for recipe, robust in (("pwws", 3), ("textfooler", 1)):
        outcomes = make_outcomes(robust=robust, broken=4 - robust, skipped=1)
        add_cell(tmp_path, outcomes, recipe=recipe)
    return tmp_path


def test_a_folder_a_record_and_a_baseline_hold_the_same_cells(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = read_gate_run(folder)
    assert [cell.record.recipe.name for cell in run.cells] == ["pwws", "textfooler"]
    assert list(run.cells[0].statuses.values()) == ["robust"] * 3 + ["broken", "skipped"]

    path = record_path(folder, record_name(run.cells[0].record))
    assert read_gate_run(path).cells == run.cells[:1]
    monkeypatch.chdir(path.parent)
    assert read_gate_run(path.name).cells == run.cells[:1]

    write_baseline(
        make_baseline(
            [(cell.record, cell.statuses) for cell in run.cells], created_at="2026-11-24T12:00:00Z"
        ),
        folder / "baseline.json",
    )
    assert read_gate_run(folder / "baseline.json").cells == run.cells


def test_rows_are_chosen_by_their_label(folder: Path) -> None:
    run = read_gate_run(folder)
    assert run.rows() == ("minilm",)
    assert run.only_row("minilm").cells == run.cells
    with pytest.raises(InputError, match=r"has no row 'bert'; it has minilm"):
        run.only_row("bert")


def test_what_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="does not exist; give a run folder, a record or a base"):
        read_gate_run(tmp_path / "nothing")
    with pytest.raises(RecordError, match="is not a run folder"):
        read_gate_run(tmp_path)
    path = tmp_path / "some.json"
    path.write_text(json.dumps({"a": 1}))
    with pytest.raises(RecordError, match="is neither a record nor a baseline"):
        read_gate_run(path)
    path.write_text("{")
    with pytest.raises(RecordError, match="not JSON"):
        read_gate_run(path)


def test_a_record_needs_its_outcomes(folder: Path) -> None:
    run = read_gate_run(folder)
    name = record_name(run.cells[0].record)
    outcomes_path(folder, name).unlink()
    with pytest.raises(RecordError, match="has no outcomes at"):
        read_gate_run(record_path(folder, name))
    with pytest.raises(RecordError, match="has no outcomes of"):
        read_gate_run(folder)


def test_outcomes_that_are_not_those_of_the_record_are_refused(folder: Path) -> None:
    name = record_name(read_gate_run(folder).cells[0].record)
    for others in ({"robust": 2}, {"robust": 2, "broken": 2, "skipped": 1}):
        write_outcomes(make_outcomes(**others), outcomes_path(folder, name))
        for path in (folder, record_path(folder, name)):
            with pytest.raises(RecordError, match=f"outcomes of {name} do not match its record"):
                read_gate_run(path)


def test_committed_results_can_be_read() -> None:
    run = read_gate_run(Path(__file__).parents[2] / "results" / "imdb")
    assert isinstance(run, GateRun)
    assert {len(cell.statuses) for cell in run.cells} == {50}


def test_a_published_record_has_its_outcomes_beside_it() -> None:
    row = Path(__file__).parents[2] / "results" / "imdb" / "unified" / "minilm-2ff43109"
    [cell] = read_gate_run(row / "pwws.json").cells
    assert (cell.row, len(cell.statuses)) == ("minilm", 50)
