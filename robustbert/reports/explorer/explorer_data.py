"""The outcomes of a run as data for the page: what is shown, and what it is filtered by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from robustbert.console import printable
from robustbert.records import Outcome, Record, record_name
from robustbert.reports.attributions.run_attributions import ExplainedOutcome
from robustbert.reports.explorer.explorer_tints import tints_by_outcome
from robustbert.reports.outcome_view import class_name, outcome_view
from robustbert.reports.row_labels import record_label
from robustbert.reports.run_view import ShownCell
from robustbert.reports.word_diff import Piece

#: The fields of a row of the data, in order.
FIELDS = (
    *("cell", "status", "classes", "example", "facts"),
    *("label", "similarity", "original", "adversarial"),
)
_RETRACTED = "robust (retracted)"
_STATUSES = ("broken", "robust", _RETRACTED, "exhausted", "skipped", "error")


@dataclass(frozen=True)
class Choice:
    """One value of a filter.

    Args:
        value: the value, printable.
        count: the number of outcomes that have it.
    """

    value: str
    count: int


@dataclass(frozen=True)
class ChoiceFilter:
    """A filter by one of several values.

    Args:
        name: its name in the data and in the URL.
        choices: the values that the outcomes have.
    """

    name: str
    choices: tuple[Choice, ...]


def choice_filters(cells: Sequence[ShownCell]) -> tuple[ChoiceFilter, ...]:
    """The filters that distinguish outcomes: those with at least two values."""
    found: dict[str, Counter[str]] = {}
    for cell in cells:
        for outcome in cell.outcomes:
            values = {
                "status": outcome.status,
                **_cell(cell.record),
                "label": _label(cell, outcome),
            }
            for name, value in values.items():
                found.setdefault(name, Counter())[printable(value)] += 1
            if outcome.retracted:
                found["status"][_RETRACTED] += 1
    order = [status for status in _STATUSES if status in found.get("status", ())]
    return tuple(
        ChoiceFilter(name, tuple(Choice(value, counts[value]) for value in values))
        for name, counts in found.items()
        for values in [order if name == "status" else sorted(counts)]
        if len(values) > 1
    )


def explorer_data(
    cells: Sequence[ShownCell], explained: Sequence[ExplainedOutcome] = ()
) -> dict[str, Any]:
    """The data of the page: the cells, and a row of :data:`FIELDS` per outcome.

    The pieces of a text alternate: unchanged, changed, unchanged, and so on, starting with an
    unchanged one, which may be empty.

    Args:
        cells: the cells.
        explained: outcomes with attributions; with any, a row has the field ``attributions`` too,
            see :func:`~robustbert.reports.explorer.explorer_tints.tints_by_outcome`.
    """
    rows = [
        _row(index, cell, outcome) for index, cell in enumerate(cells) for outcome in cell.outcomes
    ]
    fields: tuple[str, ...] = FIELDS
    if explained:
        tints = tints_by_outcome(explained)
        outcomes = [(cell.record, outcome) for cell in cells for outcome in cell.outcomes]
        for row, (record, outcome) in zip(rows, outcomes, strict=True):
            row.append(tints.get((record_name(record), outcome.example_id)))
        fields = (*FIELDS, "attributions")
    return {"cells": [_cell(cell.record) for cell in cells], "fields": fields, "rows": rows}


def _cell(record: Record) -> dict[str, str]:
    return {
        "dataset": record.dataset.name,
        "model": record_label(record),
        "track": record.track,
        "recipe": record.recipe.name,
    }


def _label(cell: ShownCell, outcome: Outcome) -> str:
    return class_name(outcome.label, cell.record.dataset.label_names)


def _row(index: int, cell: ShownCell, outcome: Outcome) -> list[Any]:
    view = outcome_view(outcome, cell.record.dataset.label_names)
    status, _, classes = view.heading.partition(": ")
    return [
        index,
        status,
        classes,
        view.example_id,
        view.facts,
        _label(cell, outcome),
        outcome.similarity,
        list(_alternating(view.original)),
        list(_alternating(view.adversarial)),
    ]


def _alternating(pieces: Sequence[Piece]) -> Iterator[str]:
    text, changed = "", False
    for piece in pieces:
        if piece.changed != changed:
            yield text
            text, changed = "", piece.changed
        text += piece.text
    if text:
        yield text
