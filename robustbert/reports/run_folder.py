"""Read a run folder for a report, with errors that say what to pass instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from robustbert.errors import InputError, RecordError
from robustbert.records import (
    Outcome,
    Run,
    is_published,
    read_published,
    read_run,
    record_name,
    run_of_published,
)
from robustbert.reports.wording import listed

_Item = TypeVar("_Item")


def read_cells(run: Path) -> Run:
    """Read a run folder, or published results, with at least one cell; outcomes may be missing.

    Raises:
        RecordError: the folder is not a run folder, has no finished cell, or holds an invalid file.
    """
    if not (run / "records").is_dir() and is_published(run):
        return run_of_published(read_published(run))
    if not (run / "records").is_dir():
        raise RecordError(
            f"{run} is not a run folder: it has no records; pass the --out folder of a run"
        )
    read = read_run(run)
    if not read.records:
        raise RecordError(f"{run} has no finished cell; repeat its command to resume it")
    return read


def read_finished(run: Path) -> Run:
    """Read a run folder, or published results, with at least one cell; every cell has outcomes.

    Raises:
        RecordError: as for :func:`read_cells`, or the outcomes of a cell are missing.
    """
    read = read_cells(run)
    for name in map(record_name, read.records):
        if name not in read.outcomes:
            raise RecordError(f"{run} has no outcomes of {name}; rerun that cell")
    return read


def filtered(
    items: Sequence[_Item], kind: str, name: str | None, value: Callable[[_Item], str], run: Path
) -> Sequence[_Item]:
    """The records or rows of a run that have a name; all of them if ``name`` is None.

    Args:
        items: the records or rows.
        kind: what is named, for the error message.
        name: the name.
        value: reads the name from an item.
        run: the run folder, for the error message.

    Raises:
        InputError: none has that name; the message lists the names that there are.
    """
    if name is None:
        return items
    kept = [item for item in items if value(item) == name]
    if not kept:
        known = listed(list(dict.fromkeys(map(value, items))))
        raise InputError(f"{run} has no cell with the {kind} {name!r}; it has {known}")
    return kept


def check_texts(run: Path, name: str, outcomes: Iterable[Outcome]) -> None:
    """Check that outcomes of a cell contain their texts.

    Raises:
        RecordError: one has no text.
    """
    if any(outcome.text is None for outcome in outcomes):
        raise RecordError(
            f"{run}: the outcomes of {name} contain no texts (published results omit them); "
            "pass the --out folder of your own run"
        )
