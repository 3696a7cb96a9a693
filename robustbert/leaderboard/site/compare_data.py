"""The data of the page that compares two models: who survives what, example by example."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from robustbert.leaderboard.best_known import core_survivors
from robustbert.leaderboard.boards import Leaderboard
from robustbert.leaderboard.ranking import incomplete_replicate
from robustbert.leaderboard.site.site_models import Section, SiteModel
from robustbert.metrics import survived
from robustbert.records import Outcome

#: What is compared besides recipes.
CLEAN, WORST_CASE = "no attack", "worst case"


class _ExampleSets:
    """Numbers for sets of examples."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, tuple[str, ...]], int] = {}

    def number(self, board: int, examples: Iterable[str]) -> int:
        """The number of a set of examples of a board; the same set has the same number."""
        return self._numbers.setdefault((board, tuple(examples)), len(self._numbers))


def compare_data(leaderboard: Leaderboard, models: Sequence[SiteModel]) -> dict[str, Any]:
    """The data of the page.

    Args:
        leaderboard: the boards.
        models: the models of their rows.

    Returns:
        ``boards``: dataset and track of each board. ``models``: folder, name and cells of each
        model. A cell has the number of its board (``b``), what was measured (``m``), the number of
        its set of examples (``e``), and one digit per example (``s``), in the order of their ids: 1
        if the model is right, also after the attack. ``d`` says how its conditions differ from
        those of most rows.
    """
    boards = {id(board): number for number, board in enumerate(leaderboard.boards)}
    sets = _ExampleSets()
    return {
        "boards": [
            {"dataset": board.group.dataset, "track": board.group.track}
            for board in leaderboard.boards
        ],
        "models": [
            {
                "folder": model.folder,
                "name": model.name,
                "cells": [
                    cell
                    for section in model.sections
                    for cell in _cells(section, boards[id(section.board)], sets)
                ],
            }
            for model in models
        ],
    }


def _cells(section: Section, board: int, sets: _ExampleSets) -> list[dict[str, Any]]:
    runs = {
        record.recipe.name: sorted(
            section.board.cell_outcomes(record), key=lambda outcome: outcome.example_id
        )
        for record in section.records
    }

    def cell(measure: str, examples: Iterable[str], right: Iterable[bool]) -> dict[str, Any]:
        found: dict[str, Any] = {
            "b": board,
            "m": measure,
            "e": sets.number(board, examples),
            "s": "".join("1" if one else "0" for one in right),
        }
        return found | ({"d": "; ".join(differences)} if differences else {})

    differences = section.row.row.all_differences
    largest = max(runs.values(), key=len)
    cells = [cell(CLEAN, _ids(largest), (outcome.correct for outcome in largest))]
    if not incomplete_replicate(section.replicate):
        survives = dict(sorted(core_survivors(section.replicate, section.board.outcomes).items()))
        cells.append(cell(WORST_CASE, survives.keys(), survives.values()))
    cells += [cell(recipe, _ids(run), map(survived, run)) for recipe, run in runs.items()]
    return cells


def _ids(run: Sequence[Outcome]) -> Iterator[str]:
    return (outcome.example_id for outcome in run)
