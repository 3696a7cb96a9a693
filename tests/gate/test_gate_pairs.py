"""The committed pairs: their reports follow from the baselines, and find what they should."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from robustbert.records import read_baseline

ROOT = Path(__file__).parents[2]
REPORTS = ROOT / "docs" / "gate"


@pytest.fixture(scope="module")
def gate_pairs() -> Iterator[ModuleType]:
    path = ROOT / "benchmarks" / "gate_pairs.py"
    spec = importlib.util.spec_from_file_location("gate_pairs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["gate_pairs"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["gate_pairs"]


def report(pair: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((REPORTS / pair / "report.json").read_text())
    return content


def test_the_committed_reports_are_those_of_the_baselines(
    gate_pairs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    gate_pairs.write_reports(tmp_path)
    written = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*"))
    committed = sorted(path.relative_to(REPORTS) for path in REPORTS.rglob("*.*"))
    assert written == committed, "run python benchmarks/gate_pairs.py"
    for path in written:
        assert (tmp_path / path).read_bytes() == (REPORTS / path).read_bytes(), path


def test_a_model_with_a_fifth_of_the_data_fails() -> None:
    found = report("fifth")
    assert found["exit_code"] == 1
    failed = {measure["measure"] for measure in found["measures"] if measure["failed"]}
    assert "deepwordbug" in failed
    assert {measure["relation"] for measure in found["measures"]} == {"different models"}


def test_another_training_seed_is_called_so() -> None:
    measures = report("seed")["measures"]
    assert {measure["relation"] for measure in measures} == {
        "the same training with another seed (0 and 1)"
    }
    assert all(measure["power"]["smallest_drop"] > 0 for measure in measures)


def test_a_model_passes_against_itself() -> None:
    found = report("itself")
    assert found["exit_code"] == 0
    assert {measure["relation"] for measure in found["measures"]} == {"the same model"}
    assert {measure["adjusted_p"] for measure in found["measures"]} == {1.0}


def test_baselines_come_from_clean_checkouts_and_hold_all_test_examples() -> None:
    paths = sorted((ROOT / "results" / "gate").glob("*.json"), key=lambda path: path.stem)
    assert [path.stem for path in paths] == ["minilm", "minilm-fifth", "minilm-seed1"]
    for path in paths:
        baseline = read_baseline(path)
        assert {len(ids) for ids in baseline.example_ids.values()} == {832}
        assert len(baseline.cells) == 4
        for cell in baseline.cells:
            assert cell.record.environment.dirty is False


def test_the_committed_table_and_the_baseline_are_of_the_same_model() -> None:
    """The examples of the table are among those of the baseline, with the same statuses."""
    from robustbert.gate import read_gate_run

    table = read_gate_run(ROOT / "results" / "rotten_tomatoes").only_row("minilm")
    in_table = {
        cell.record.recipe.name: cell for cell in table.cells if cell.record.track == "unified"
    }
    for cell in read_gate_run(ROOT / "results" / "gate" / "minilm.json").cells:
        other = in_table[cell.record.recipe.name]
        assert cell.record.model.sha256 == other.record.model.sha256
        assert {i: cell.statuses[i] for i in other.statuses} == dict(other.statuses)
