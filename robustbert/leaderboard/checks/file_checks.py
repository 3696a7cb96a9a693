"""Checks of which files there are, and of what their paths say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from robustbert.errors import RecordError
from robustbert.leaderboard.checks.problem import Problem
from robustbert.leaderboard.checks.results_files import ReadResults
from robustbert.leaderboard.claims import parse_claims
from robustbert.records import (
    CLAIMS_FILE,
    RECHECK_FILE,
    ROW_FILES,
    Record,
    published_outcomes_path,
    published_path,
)
from robustbert.records.row_recheck import RowRecheck, parse_recheck
from robustbert.reports.wording import listed


def schema_problems(results: ReadResults) -> Iterator[Problem]:
    """Records and outcomes that violate the schema."""
    yield from results.invalid


def unknown_files(results: ReadResults) -> Iterator[Problem]:
    """Files that belong to no cell or row; records without outcomes."""
    yield from results.files.others
    contents = results.files.contents
    for path in contents:
        record, outcomes = path.with_suffix(".json"), published_outcomes_path(path)
        if path.name in ROW_FILES:
            continue
        if outcomes not in contents:
            yield Problem(path, f"has no outcomes; put {outcomes.name} beside it")
        elif record not in contents:
            yield Problem(path, f"has no record; put {record.name} beside it")


def invalid_claims(results: ReadResults) -> Iterator[Problem]:
    """Claims that are not in their format, or belong to no row."""
    contents = results.files.contents
    rows = {path.parent for path in contents if path.name not in ROW_FILES}
    for path, content in contents.items():
        if path.name != CLAIMS_FILE:
            continue
        if path.parent not in rows:
            yield Problem(path, "the row has no records; file them first")
        try:
            parse_claims(content, "")
        except RecordError as error:
            yield Problem(path, str(error).removeprefix(": "))


def invalid_rechecks(results: ReadResults) -> Iterator[Problem]:
    """Rechecks that are not in their format, or do not fit the records of their row."""
    rows: dict[PurePosixPath, list[Record]] = {}
    for path, record in results.records.items():
        rows.setdefault(path.parent, []).append(record)
    for path, content in results.files.contents.items():
        if path.name != RECHECK_FILE:
            continue
        try:
            recheck = parse_recheck(content, "")
        except RecordError as error:
            yield Problem(path, str(error).removeprefix(": "))
            continue
        for message in _misfits(recheck, rows.get(path.parent, [])):
            yield Problem(path, message)


def _misfits(recheck: RowRecheck, records: list[Record]) -> Iterator[str]:
    """What a recheck has otherwise than the records of its row."""
    if not records:
        yield "the row has no records; file them first"
        return
    row = records[0]
    for name, found, wanted in (
        ("dataset", recheck.dataset, row.dataset.name),
        ("track", recheck.track, row.track),
        ("model_sha256", recheck.model_sha256, row.model.sha256),
    ):
        if found != wanted:
            yield f"its {name} is {found}, but that of the row is {wanted}; recheck the row again"
    made = {"miscalibration": recheck.calibration, "adaptive": recheck.adaptive}
    for record in records:
        recorded = {check.name for check in record.reliability}
        missing = [name for name, found in made.items() if found and name not in recorded]
        if record.recipe.name in recheck.recipes and missing:
            yield (
                f"the record of {record.recipe.name} lacks the check {listed(missing)}, which the "
                "recheck has made; file the records again"
            )


def misplaced_records(results: ReadResults) -> Iterator[Problem]:
    """Records whose path does not say what they contain."""
    for path, record in results.records.items():
        expected = published_path(record)
        if path != expected:
            wrong = listed(list(_differences(path, expected)))
            yield Problem(path, f"{wrong}; it belongs at {expected}")


def _differences(path: PurePosixPath, expected: PurePosixPath) -> Iterator[str]:
    *folders, row, file = path.parts
    *right, right_row, right_file = expected.parts
    for name, found, wanted in zip(("dataset", "track"), folders, right, strict=True):
        if found != wanted:
            yield f"its {name} is {wanted}, not {found}"
    if row != right_row:
        (name, _, sha256), (right_name, _, right_sha256) = (
            part.rpartition("-") for part in (row, right_row)
        )
        if name != right_name:
            yield f"its row is {right_name}, not {name}"
        if sha256 != right_sha256:
            yield f"the hash of its row is {right_sha256}, not {sha256}"
    if file != right_file:
        yield f"its recipe is {right_file.removesuffix('.json')}, not {file.removesuffix('.json')}"
