"""Check that no result occurs twice under different names."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass

from robustbert.leaderboard.checks.problem import Problem
from robustbert.leaderboard.checks.results_files import ReadResults
from robustbert.records import PublishedCell, published_path, row_folder, row_sha256


@dataclass(frozen=True)
class _Kind:
    """A kind of duplicates: the same content under two names.

    Args:
        content: what must have one name only.
        name: its name.
        message: what a cell under a second name is, to be formatted with the first cell, and what
            to do.
    """

    content: Callable[[PublishedCell], Hashable]
    name: Callable[[PublishedCell], Hashable]
    message: str


def duplicates(results: ReadResults) -> Iterator[Problem]:
    """Records, rows and outcomes that are in the results already, under another name."""
    cells = sorted(results.cells, key=lambda cell: (results.is_added(cell), _is_misplaced(cell)))
    for kind in _KINDS:
        first: dict[Hashable, PublishedCell] = {}
        for cell in cells:
            earlier = first.setdefault(kind.content(cell), cell)
            if kind.name(earlier) != kind.name(cell):
                yield Problem(cell.path, kind.message.format(earlier))
        # one problem per duplicate, of which nothing else is a duplicate
        cells = [cell for cell in cells if kind.name(first[kind.content(cell)]) == kind.name(cell)]


def _is_misplaced(cell: PublishedCell) -> bool:
    return cell.path != published_path(cell.record)


def _path(cell: PublishedCell) -> Hashable:
    return cell.path


def _row_folder(cell: PublishedCell) -> Hashable:
    """The name that its row should have: a wrong one is another problem."""
    return row_folder(cell.record)


def _record(cell: PublishedCell) -> Hashable:
    return cell.record.model_dump_json()


def _row(cell: PublishedCell) -> Hashable:
    return cell.path.parts[0], row_sha256(cell.record)


def _outcomes(cell: PublishedCell) -> Hashable:
    """What happened to each example: no other weights give the same probabilities."""
    return (
        cell.path.parts[:2],
        cell.path.name,
        tuple((o.example_id, o.status, o.queries, o.label_probability) for o in cell.outcomes),
    )


def _weights(cell: PublishedCell) -> Hashable:
    """The hash of the weights: a defense may change nothing, neither weights nor outcomes."""
    return cell.record.model.sha256


_KINDS = (
    _Kind(_record, _path, "is the same record as {0.path}; remove one of them"),
    _Kind(
        _row,
        _row_folder,
        "has the weights and defenses of {0.path.parent}; give the model the name it has "
        "there, or remove one of them",
    ),
    _Kind(_outcomes, _weights, "has the outcomes of {0.path}; remove one of them"),
)
