"""Runs of a few made-up outcomes, for tests of baselines and of their history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robustbert.gate import GateRun, gate_run
from robustbert.records import (
    Acceptance,
    Baseline,
    make_baseline,
    record_name,
)
from tests.records.builders import add_cell, make_outcomes, make_record

TIME = "2026-11-24T12:00:00Z"


def small_run(
    name: str = "run", recipes: tuple[str, ...] = ("pwws",), models: tuple[str, ...] = ("mini",),
    skipped: int = 2, broken: int = 20, robust: int = 40, **changes: Any,
) -> GateRun:  # fmt: skip
    """The examples come in this order, so those of a run with more broken ones break first.

    ``error`` is a number of examples, and other changes are those of ``make_record``.
    """
    errors = changes.pop("error", 0)
    outcomes = make_outcomes(skipped=skipped, broken=broken, robust=robust, error=errors)
    records = [
        make_record(outcomes, recipe=recipe, model=model, **changes)
        for model in models
        for recipe in recipes
    ]
    return gate_run(name, records, {record_name(record): outcomes for record in records})


def baseline_of(run: GateRun, *acceptances: Acceptance, created_at: str = TIME) -> Baseline:
    cells = [(cell.record, cell.statuses) for cell in run.cells]
    return make_baseline(cells, created_at=created_at, acceptances=acceptances)


def write_run(folder: Path, **changes: Any) -> Path:
    """A run folder with one cell."""
    statuses = {name: changes.pop(name, 0) for name in ("skipped", "broken", "robust", "error")}
    return add_cell(folder, make_outcomes(**statuses), **changes)
