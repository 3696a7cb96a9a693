"""The option ``--strict``: failed reliability checks fail the command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from robustbert.commands.terminal import print_error

if TYPE_CHECKING:
    from robustbert.records import Outcome, Record, ReliabilityCheck


def add_strict(command: Any, what: str) -> None:
    """Add ``--strict``.

    Args:
        command: the parser of a command.
        what: what must pass its checks, for the help.
    """
    command.add_argument(
        "--strict",
        action="store_true",
        help=f"exit with 1 if a reliability check of {what} fails (see docs/protocol.md)",
    )


def marks_fail(records: Sequence[Record]) -> bool:
    """Print one line for each check of the records that failed; whether any did."""
    return _any_fails((record, record.reliability) for record in records)


def published_marks_fail(cells: Iterable[tuple[Record, Sequence[Outcome]]]) -> bool:
    """The same for published cells; those of schema version 1 hold no checks, so they are computed.

    Args:
        cells: records with their outcomes.
    """
    from robustbert.reports.marks import failed_checks

    return _any_fails(
        (record, record.reliability or failed_checks(record, outcomes))
        for record, outcomes in cells
    )


def _any_fails(checked: Iterable[tuple[Record, Sequence[ReliabilityCheck]]]) -> bool:
    from robustbert.console import printable
    from robustbert.reports.row_labels import cell_label

    failed = [(record, check) for record, checks in checked for check in checks if not check.passed]
    for record, check in failed:
        cell = cell_label(record)
        measured = f"{check.measured:.3g}, and at most {check.threshold:g} passes"
        print_error(printable(f"{cell}: {check.name} failed ({check.about}): {measured}"))
    return bool(failed)
