"""Check that no result occurs twice under different names."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from pathlib import PurePosixPath

from robustbert.leaderboard.checks.problem import Problem
from robustbert.leaderboard.checks.results_files import ReadResults
from robustbert.records import PublishedCell, row_sha256


def duplicates(results: ReadResults) -> Iterator[Problem]:
    """Cells that are in the results already: the same record, row or outcomes."""
    reported: set[PurePosixPath] = set()
    for key, message in _KINDS:
        first: dict[Hashable, PublishedCell] = {}
        for cell in results.cells:
            earlier = first.setdefault(key(cell), cell)
            if earlier is not cell and cell.path not in reported:
                reported.add(cell.path)
                yield Problem(cell.path, f"{message} {earlier.path}; remove one of them")


def _record(cell: PublishedCell) -> Hashable:
    return cell.record.model_dump_json()


def _row(cell: PublishedCell) -> Hashable:
    return cell.path.parts[:2], cell.path.name, row_sha256(cell.record)


def _outcomes(cell: PublishedCell) -> Hashable:
    """What happened to each example: two models never have the same probabilities."""
    return (
        cell.path.parts[:2],
        cell.path.name,
        tuple((o.example_id, o.status, o.queries, o.label_probability) for o in cell.outcomes),
    )


_KINDS: tuple[tuple[Callable[[PublishedCell], Hashable], str], ...] = (
    (_record, "is the same record as"),
    (_row, "has the weights and defenses of"),
    (_outcomes, "has the outcomes of"),
)
