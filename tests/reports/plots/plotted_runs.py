"""Run folders for plots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robustbert.records import (
    Outcome,
    outcomes_path,
    record_name,
    record_path,
    without_texts,
    write_outcomes,
    write_record,
)
from tests.records.builders import make_outcome, make_record

NASTY = "_<b>$x_1$& \x1b[31m\u202e漢 | **"


def spending(broken: int, robust: int, exhausted: int = 0) -> tuple[Outcome, ...]:
    """Outcomes whose broken ones change 1, 2, … of 20 words in 10, 20, … queries; one skipped."""
    statuses = ["broken"] * broken + ["robust"] * robust + ["exhausted"] * exhausted
    found = [
        make_outcome(
            f"e{i}",
            status,
            words=20,
            words_changed=i + 1 if status == "broken" else None,
            queries=10 * (i + 2),
        )
        for i, status in enumerate(statuses)
    ]
    return (*found, make_outcome(f"e{len(found)}", "skipped", queries=1))


def add_cell(folder: Path, outcomes: tuple[Outcome, ...], **names: Any) -> None:
    """Add a cell to a run folder, as published: without texts."""
    record = make_record(outcomes, **names)
    write_record(record, record_path(folder, record_name(record)))
    write_outcomes(without_texts(outcomes), outcomes_path(folder, record_name(record)))


def small_run(folder: Path) -> Path:
    """Two rows, of which one lacks textfooler, under two core recipes."""
    add_cell(folder, spending(6, 3), recipe="pwws", model="a")
    add_cell(folder, spending(3, 3, 3), recipe="textfooler", model="a")
    add_cell(folder, spending(9, 0), recipe="pwws", model="b", model_sha256="c" * 64)
    return folder
