"""Runs of toy models on all toy reviews, for tests of gates that attack models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from robustbert.bench import Suite, make_plan, run_plan
from robustbert.data import DatasetSource
from robustbert.gate import GateCell, GateRun, read_gate_run
from robustbert.gate.repeated_cells import RepeatedCells
from robustbert.records import Status
from tests.bench.toy_runs import options


def attacked(
    reviews: Path, model: Path, out: Path, *recipes: str, n: int, seed: int = 0
) -> GateRun:
    """Attack a model on toy reviews, which are not split; the row is called ``model``."""
    suite = Suite(
        name="toy",
        datasets=(f"file:{reviews}",),
        models=(f"model={model}",),
        recipes=recipes,
        tracks=("published",),
        split="all",
        num_examples=n,
        seed=seed,
    )
    run_plan(make_plan(suite), options(out))
    return read_gate_run(out)


def loader(reviews: Path) -> RepeatedCells:
    return RepeatedCells(DatasetSource(f"file:{reviews}"), device="cpu")


def with_statuses(run: GateRun, status: Status, examples: Iterable[str]) -> GateRun:
    """A run in which the cells have another status for some examples."""
    changed = dict.fromkeys(examples, status)

    def changed_cell(cell: GateCell) -> GateCell:
        statuses = {i: changed.get(i, old) for i, old in cell.statuses.items()}
        return replace(cell, statuses=MappingProxyType(statuses))

    return GateRun(run.name, tuple(map(changed_cell, run.cells)))


def survived(run: GateRun, recipe: str) -> list[str]:
    """The ids of the examples that survive a recipe, in order."""
    [cell] = [cell for cell in run.cells if cell.record.recipe.name == recipe]
    return [i for i, status in cell.statuses.items() if status in ("robust", "exhausted")]
