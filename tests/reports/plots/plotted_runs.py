"""Run folders for plots."""

from __future__ import annotations

from pathlib import Path

from robustbert.records import (
    Outcome,
    without_texts,
)
from tests.records.builders import add_cell, make_outcome

NASTY = "_<b>$x_1$& \x1b[31m\u202e漢 | **"


def spending(broken: int, robust: int, exhausted: int = 0) -> tuple[Outcome, ...]:
    """Outcomes whose broken ones change 1, 2, … of 20 words in 10, 20, … queries; one skipped.

    They have no texts, as published ones.
    """
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
    return without_texts([*found, make_outcome(f"e{len(found)}", "skipped", queries=1)])


def small_run(folder: Path) -> Path:
    """Two rows, of which one lacks textfooler, under two core recipes."""
    add_cell(folder, spending(6, 3), recipe="pwws", model="a")
    add_cell(folder, spending(3, 3, 3), recipe="textfooler", model="a")
    add_cell(folder, spending(9, 0), recipe="pwws", model="b", model_sha256="c" * 64)
    return folder
