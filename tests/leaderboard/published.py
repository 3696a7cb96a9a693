"""Published cells for tests, with outcomes that are given per example."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.leaderboard import Board, make_leaderboard
from robustbert.records import (
    Outcome,
    PublishedCell,
    Record,
    Status,
    published_outcomes_path,
    published_path,
    without_texts,
    write_outcomes,
    write_record,
)
from tests.records.builders import make_outcome, make_record

STATUSES: dict[str, Status] = {
    "r": "robust",
    "b": "broken",
    "x": "exhausted",
    "s": "skipped",
    "e": "error",
}


def run_of(letters: str, start: int = 0) -> tuple[Outcome, ...]:
    """Outcomes of the examples ``e0``, ``e1``, …, one letter of :data:`STATUSES` each."""
    outcomes = (make_outcome(f"e{i}", STATUSES[x]) for i, x in enumerate(letters, start=start))
    return without_texts(outcomes)


def published(record: Record, outcomes: Sequence[Outcome]) -> PublishedCell:
    return PublishedCell(published_path(record), record, tuple(outcomes))


def cell(letters: str, start: int = 0, **names: Any) -> PublishedCell:
    """A cell; ``names`` are those of :func:`tests.records.builders.make_record`."""
    outcomes = run_of(letters, start)
    return published(make_record(outcomes, **names), outcomes)


def core_cells(letters: str, start: int = 0, **names: Any) -> list[PublishedCell]:
    """The cells of a row whose worst case is ``letters``: one recipe alone breaks anything."""
    first, *others = CORE_RECIPES
    unbroken = letters.replace("b", "r")
    return [
        cell(letters, start, recipe=first, **names),
        *(cell(unbroken, start, recipe=recipe, **names) for recipe in others),
    ]


def write_published(cells: Iterable[PublishedCell], results: Path) -> None:
    """Write cells where their paths say."""
    for one in cells:
        write_record(one.record, results / one.path)
        write_outcomes(one.outcomes, published_outcomes_path(results / one.path))


def board_of(*cells: PublishedCell) -> Board:
    """The single board of the cells."""
    [board] = make_leaderboard(cells).boards
    return board
