"""The option ``--strict``: failed reliability checks fail the command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from robustbert.commands.terminal import print_error

if TYPE_CHECKING:
    from robustbert.records import Record


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
    from robustbert.console import printable
    from robustbert.reports.row_labels import record_label

    failed = [(record, check) for record in records for check in record.reliability]
    failed = [(record, check) for record, check in failed if not check.passed]
    for record, check in failed:
        cell = f"{record_label(record)} on {record.dataset.name}, {record.recipe.name}"
        measured = f"{check.measured:.3g}, and at most {check.threshold:g} passes"
        print_error(printable(f"{cell}: {check.name} failed ({check.about}): {measured}"))
    return bool(failed)
