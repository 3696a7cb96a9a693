"""Notes on failed reliability checks, errors, exhausted budgets and retracted successes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from robustbert.records import Counts, Record, ReliabilityCheck
from robustbert.reports.marks import (
    NOT_VERIFIED,
    NOT_VERIFIED_NOTE,
    RANDOMISED,
    RANDOMISED_NOTE,
    Mark,
    batch_invariance,
    mark_of,
)
from robustbert.reports.notes.noted_cells import Cell, list_cells, list_of_rows

# A note is shown if the count is not zero: (count, text, name of the reliability check whose mark
# replaces the note, or empty).
_COUNTS: tuple[tuple[Callable[[Counts], int], str, str], ...] = (
    (
        lambda counts: counts.error,
        "Some attacks failed with errors; their examples are included in the total, but count as "
        "neither robust nor broken",
        "",
    ),
    (
        lambda counts: counts.exhausted,
        "The query budget ran out for some examples, which count as robust",
        "exhausted",
    ),
    (
        lambda counts: counts.retracted,
        "Some reported adversarial texts failed verification; their examples count as robust",
        "retracted",
    ),
)


def marked_checks(cells: Sequence[Cell]) -> Iterator[str]:
    """The footnotes of the marks of failed checks, with the cells and the measured values."""
    by_mark: dict[tuple[Mark, float], list[tuple[Cell, ReliabilityCheck]]] = {}
    for cell in cells:
        for check in cell.failed:
            by_mark.setdefault((mark_of(check), check.threshold), []).append((cell, check))
    for (mark, threshold), failed in by_mark.items():
        measured = [(cell, mark.value(check.measured)) for cell, check in failed]
        listed_cells = list_of_rows(measured) if mark.is_of_row else list_cells(measured, None)
        yield f"{mark.symbol} {mark.note(threshold)}: {listed_cells}."


def randomised(cells: Sequence[Cell]) -> Iterator[str]:
    """Name the rows whose predictions depend on random numbers."""
    measured = [
        (cell, f"{100 * check.measured:.1f}%")
        for cell in cells
        for check in cell.record.reliability
        if check.name == "randomised"
    ]
    if measured:
        yield f"{RANDOMISED} {RANDOMISED_NOTE}: {list_cells(measured, limit=None)}."


def batch_invariance_not_verified(cells: Sequence[Cell]) -> Iterator[str]:
    """Name the cells whose outcomes may depend on batching."""
    failed = [cell for cell in cells if batch_invariance([cell.record]) == "not verified"]
    if failed:
        annotated = [(cell, _differing_outputs(cell.record)) for cell in failed]
        meaning = (
            " Numbers are those of model outputs that differed when recomputed with batch size 1."
            if any(number for _, number in annotated)
            else ""
        )
        yield f"{NOT_VERIFIED} {NOT_VERIFIED_NOTE}: {list_cells(annotated, limit=None)}.{meaning}"


def _differing_outputs(record: Record) -> str:
    found = record.environment.batch_invariance
    if found is None or not found.differing:
        return ""
    return f"{found.differing} of {found.answers_checked + found.encodings_checked}"


def nonzero_counts(cells: Sequence[Cell]) -> Iterator[str]:
    """Name the cells with errors, exhausted budgets or retracted successes."""
    for count, text, check in _COUNTS:
        annotated = [
            (cell, str(number))
            for cell in cells
            if (number := count(cell.record.counts))
            and check not in {failed.name for failed in cell.failed}
        ]
        if annotated:
            yield f"{text}: {list_cells(annotated)}."
