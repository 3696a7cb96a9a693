"""Runs with chosen statuses, for tests of the gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from robustbert.gate import GateCell, GateRun
from robustbert.records import RecipeRef, Status
from robustbert.records.baseline import statuses_of
from tests.records.builders import make_outcome, make_record

LETTERS: Mapping[str, Status] = {
    "s": "skipped",
    "r": "robust",
    "b": "broken",
    "x": "exhausted",
    "e": "error",
}


def make_cell(
    letters: str, *, first: int = 0, recipe_ref: RecipeRef | None = None, **changes: Any
) -> GateCell:
    """A cell with one example per letter, called ``e0``, ``e1``, …, or from ``first`` on.

    ``recipe_ref`` replaces the whole entry of the recipe; ``changes`` are those of
    :func:`tests.records.builders.make_record`.
    """
    outcomes = [
        make_outcome(f"e{number}", LETTERS[letter]) for number, letter in enumerate(letters, first)
    ]
    record = make_record(outcomes, **changes)
    if recipe_ref is not None:
        record = record.model_copy(update={"recipe": recipe_ref})
    return GateCell(record, statuses_of(outcomes))


def make_run(name: str = "base", **letters: str) -> GateRun:
    """A run of one model with one cell per recipe; ``letters`` are keyed by recipe."""
    return GateRun(name, tuple(make_cell(text, recipe=recipe) for recipe, text in letters.items()))
