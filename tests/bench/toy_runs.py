"""Helpers for tests that run small plans on toy reviews."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from robustbert.bench import RunOptions, Suite, make_plan
from robustbert.bench.store import RunStore, StoredCell
from robustbert.records import Outcome, read_run


def plan(dataset: Path, *models: object, recipes: tuple[str, ...] = ("deepwordbug",), n: int = 6,
         seed: int = 0, track: str = "published"):  # fmt: skip
    suite = Suite(
        name="toy",
        datasets=(f"file:{dataset}",),
        models=tuple(map(str, models)),
        recipes=recipes,
        tracks=(track,),
        num_examples=n,
        seed=seed,
    )
    return make_plan(suite)


def options(out: Path) -> RunOptions:
    return RunOptions(out=out, dtype="float32", device="cpu")


def without_times(out: Path) -> list[object]:
    """The content of the files of a run, without times and numbers of rechecked predictions.

    These differ for a resumed run: they belong to the process that finished the cell.
    """
    run = read_run(out)
    checked = {f"{what}_checked" for what in ("answers", "encodings")}
    left_out = {
        "created_at": True,
        "timing": True,
        "environment": {"batch_invariance": checked},
    }
    records = [record.model_dump(exclude=left_out) for record in run.records]
    outcomes = [
        [outcome.model_dump(exclude={"seconds"}) for outcome in cell]
        for cell in run.outcomes.values()
    ]
    tables = [(out / name).read_text() for name in ("table.md", "table.csv")]
    times = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?")
    return [records, outcomes, *(times.sub("TIME", table) for table in tables)]


def interrupt_after(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Raise KeyboardInterrupt after ``count`` outcomes were written."""
    append, left = RunStore.append, count

    def append_and_interrupt(store: RunStore, cell: StoredCell, outcome: Outcome) -> None:
        nonlocal left
        append(store, cell, outcome)
        left -= 1
        if left == 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(RunStore, "append", append_and_interrupt)
