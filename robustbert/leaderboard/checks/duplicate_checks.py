"""Check that no result occurs twice under different names."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from robustbert.leaderboard.checks.problem import Problem
from robustbert.leaderboard.checks.results_files import ReadResults
from robustbert.records import PublishedCell, row_sha256


@dataclass(frozen=True)
class _Kind:
    """A kind of duplicates: cells with the same content at different places.

    Args:
        content: what must not be at two places.
        place: where it is.
        message: what a cell at another place is.
    """

    content: Callable[[PublishedCell], Hashable]
    place: Callable[[PublishedCell], Hashable]
    message: str


def duplicates(results: ReadResults) -> Iterator[Problem]:
    """Records, rows and outcomes that are in the results already, under another name."""
    reported: set[PurePosixPath] = set()
    for kind in _KINDS:
        first: dict[Hashable, PublishedCell] = {}
        for cell in results.cells:
            earlier = first.setdefault(kind.content(cell), cell)
            if kind.place(earlier) != kind.place(cell) and cell.path not in reported:
                reported.add(cell.path)
                yield Problem(cell.path, f"{kind.message} {earlier.path}; remove one of them")


def _path(cell: PublishedCell) -> Hashable:
    return cell.path


def _row_folder(cell: PublishedCell) -> Hashable:
    return cell.row_folder


def _record(cell: PublishedCell) -> Hashable:
    return cell.record.model_dump_json()


def _row(cell: PublishedCell) -> Hashable:
    return cell.path.parts[0], row_sha256(cell.record)


def _outcomes(cell: PublishedCell) -> Hashable:
    """What happened to each example: two models never have the same probabilities."""
    return (
        cell.path.parts[:2],
        cell.path.name,
        tuple((o.example_id, o.status, o.queries, o.label_probability) for o in cell.outcomes),
    )


_KINDS = (
    _Kind(_record, _path, "is the same record as"),
    _Kind(_row, _row_folder, "has the weights and defenses of"),
    _Kind(_outcomes, _path, "has the outcomes of"),
)
