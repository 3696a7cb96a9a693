"""Read a run folder for a report, with errors that say what to pass instead."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from robustbert.errors import RecordError
from robustbert.records import Outcome, Run, read_run, record_name


def read_finished(run: Path) -> Run:
    """Read a run folder with at least one finished cell; every cell has outcomes.

    Raises:
        RecordError: the folder is not a run folder, has no finished cell, lacks the outcomes of
            one, or holds an invalid file.
    """
    if not (run / "records").is_dir():
        raise RecordError(
            f"{run} is not a run folder: it has no records; pass the --out folder of a run"
        )
    read = read_run(run)
    if not read.records:
        raise RecordError(f"{run} has no finished cell; repeat its command to resume it")
    for name in map(record_name, read.records):
        if name not in read.outcomes:
            raise RecordError(f"{run} has no outcomes of {name}; rerun that cell")
    return read


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
