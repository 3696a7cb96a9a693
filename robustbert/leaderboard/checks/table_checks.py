"""Checks of what the cells of a table, one dataset and track, must share."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from robustbert.leaderboard.checks.problem import Problem, in_outcomes
from robustbert.leaderboard.checks.results_files import ReadResults
from robustbert.records import PublishedCell
from robustbert.reports.conditions import (
    ROW_CONDITIONS,
    Condition,
    differences,
    value_difference,
)

_SPLIT = Condition(lambda record: record.dataset.split, value_difference("split"))
_SPLIT_SIZE = Condition(lambda record: record.dataset.n, value_difference("dataset.n"))
_LABEL_NAMES = Condition(lambda record: record.dataset.label_names, value_difference("label_names"))
#: Equal in all records of a table.
TABLE_CONDITIONS = (_SPLIT, _SPLIT_SIZE, _LABEL_NAMES, *ROW_CONDITIONS)
# The same weights give slightly different probabilities on other machines, most in bfloat16.
_PROBABILITY_TOLERANCE = 0.05
# If one of these failed, the model may classify the same text differently in another cell.
_NOT_REPEATABLE = frozenset({"batch-invariance", "not-deterministic"})


def foreign_conditions(results: ReadResults) -> Iterator[Problem]:
    """Records made under other conditions than most of their table."""
    for cells in results.tables.values():
        records = [cell.record for cell in cells]
        established = [cell.record for cell in cells if not results.is_added(cell)]
        found = differences(records, TABLE_CONDITIONS, established or records)
        for cell, messages in zip(cells, found, strict=True):
            for message in messages:
                yield Problem(cell.path, f"{message}, as in most of the table")


def other_examples(results: ReadResults) -> Iterator[Problem]:
    """Outcomes of other examples than most of their table has at the same places.

    Cells may have different numbers of examples: the shorter ones have the first examples of the
    longer ones.
    """
    for cells in results.tables.values():
        what = "example, label or number of words than most of the table"
        yield from _minority(results, cells, _examples, what)


def other_predictions(results: ReadResults) -> Iterator[Problem]:
    """Outcomes in which a row does not classify a clean text as in its other cells.

    Models that are marked as not repeatable are left out.
    """
    rows: dict[tuple[str, str], list[PublishedCell]] = {}
    for cell in results.cells:
        rows.setdefault((cell.path.parts[0], cell.row_folder), []).append(cell)
    for cells in rows.values():
        checks = [check for cell in cells for check in cell.record.reliability]
        if all(check.passed for check in checks if check.name in _NOT_REPEATABLE):
            what = "clean prediction than most cells of the row"
            yield from _minority(results, cells, _predictions, what)
            yield from _other_probabilities(cells)


def _other_probabilities(cells: Sequence[PublishedCell]) -> Iterator[Problem]:
    """Probabilities of clean texts that another model must have given."""
    first: dict[str, tuple[float, PurePosixPath]] = {}
    for cell in cells:
        lines: dict[int, PurePosixPath] = {}  # the cell that each line contradicts
        for line, outcome in enumerate(cell.outcomes, start=1):
            if outcome.label_probability is None:
                continue
            own = outcome.label_probability, cell.path
            expected, path = first.setdefault(outcome.example_id, own)
            if abs(own[0] - expected) > _PROBABILITY_TOLERANCE:
                lines[line] = path
        other = next(iter(lines.values()), None)
        yield from in_outcomes(cell, [*lines], f"another label_probability than {other}")


def _examples(cell: PublishedCell) -> dict[Hashable, Hashable]:
    """The example of each line, and what does not depend on the model."""
    return {line: (o.example_id, o.label, o.words) for line, o in enumerate(cell.outcomes, start=1)}


def _predictions(cell: PublishedCell) -> dict[Hashable, Hashable]:
    return {outcome.example_id: outcome.clean_prediction for outcome in cell.outcomes}


def _minority(
    results: ReadResults,
    cells: Sequence[PublishedCell],
    values: Callable[[PublishedCell], dict[Hashable, Hashable]],
    what: str,
) -> Iterator[Problem]:
    """One problem per cell with values that differ from the most common ones."""
    established = [cell for cell in cells if not results.is_added(cell)]
    expected = _majority(map(values, cells)) | _majority(map(values, established))
    for cell in cells:
        lines = [
            line
            for line, (key, value) in enumerate(values(cell).items(), start=1)
            if value != expected[key]
        ]
        yield from in_outcomes(cell, lines, f"another {what}")


def _majority(cells: Iterable[Mapping[Hashable, Hashable]]) -> dict[Hashable, Hashable]:
    """The most common value of each key."""
    times: defaultdict[Hashable, Counter[Hashable]] = defaultdict(Counter)
    for values in cells:
        for key, value in values.items():
            times[key][value] += 1
    return {key: counter.most_common(1)[0][0] for key, counter in times.items()}
