"""File the cells of a run in published results: all of them, after all checks, or none."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from robustbert.errors import InputError, RecordError
from robustbert.gate.gate_run import check_finished
from robustbert.io import write_files
from robustbert.leaderboard.checks.check_results import check_files
from robustbert.leaderboard.checks.results_files import ResultsFiles, read_results_files
from robustbert.records import (
    RECHECK_FILE,
    PublishedCell,
    is_published,
    published_outcomes_path,
    published_path,
    read_outcomes,
    read_record,
    record_name,
    without_texts,
)
from robustbert.records.row_recheck import read_recheck, recheck_path
from robustbert.records.storage import outcomes_bytes, record_bytes
from robustbert.records.strict_json import encode
from robustbert.reports.run_folder import read_finished
from robustbert.reports.run_view import select_records
from robustbert.reports.wording import and_more

#: What filing does with a cell.
FilingState = Literal["added", "replaced", "unchanged"]


@dataclass(frozen=True)
class FiledCell:
    """A cell of a run in published results.

    Args:
        path: the path of its record, relative to the results folder.
        state: whether it was added, has replaced another one, or was there already.
    """

    path: PurePosixPath
    state: FilingState


def file_run(
    run: Path,
    results: Path,
    *,
    dataset: str | None = None,
    model: str | None = None,
    replace: bool = False,
) -> tuple[FiledCell, ...]:
    """File the cells of a run in published results, with their outcomes without texts.

    If a row was rechecked, its recheck is filed beside its records, in place of an earlier one.

    Everything is checked first, with the checks of ``robustbert leaderboard check`` on the results
    as they will be. If anything fails, the results are as they were before.

    Args:
        run: a run folder.
        results: the results folder, which is created if necessary.
        dataset: file only the cells of this dataset.
        model: file only the cells of this row or model.
        replace: replace cells that are there with other content.

    Returns:
        The cells of the run, in the order of their paths.

    Raises:
        RecordError: the run cannot be read.
        InputError: it is inside the results or contains them, has unfinished cells or no such
            dataset or model, a cell is there with other content, or a check fails; the message
            names the first cell.
        OutputError: a file cannot be written.
    """
    _check_apart(run, results)
    check_finished(run, otherwise="")
    cells = _cells(run, dataset, model)
    filed = tuple(FiledCell(cell.path, _state(cell, results)) for cell in cells)
    changed = [one.path for one in filed if one.state == "replaced"]
    if changed and not replace:
        raise InputError(
            f"{results / changed[0]} is there with other content{and_more(changed, 'cell')}; "
            "replace it with --replace"
        )
    new = {one.path for one in filed if one.state != "unchanged"}
    contents = _contents(cell for cell in cells if cell.path in new) | _rechecks(run, cells)
    _check(run, contents, results)
    added = [one.path for one in filed if one.state == "added"]
    write_files(
        {results / path: content for path, content in contents.items()},
        new=[results / file for path in added for file in (path, published_outcomes_path(path))],
    )
    return filed


def _check_apart(run: Path, results: Path) -> None:
    """A run contains texts of the dataset, which must not get into published results."""
    paths = [Path(os.path.realpath(folder)) for folder in (run, results)]
    for inside, outside in (paths, reversed(paths)):
        if inside.is_relative_to(outside):
            raise InputError(
                f"{run} and {results} are inside each other; give results a folder of its own"
            )


def _cells(run: Path, dataset: str | None, model: str | None) -> tuple[PublishedCell, ...]:
    """The selected cells of a run, as they are published, in the order of their paths."""
    if is_published(run) and not (run / "records").is_dir():
        raise InputError(f"{run} contains published results; give the output folder of a run")
    read = read_finished(run)
    cells: dict[PurePosixPath, PublishedCell] = {}
    for record in select_records(read.records, run, dataset=dataset, model=model):
        path = published_path(record)
        if path in cells:
            raise InputError(
                f"{run} has two cells of the same model, {record_name(cells[path].record)} and "
                f"{record_name(record)}; remove one of them from the run"
            )
        cells[path] = PublishedCell(path, record, without_texts(read.outcomes[record_name(record)]))
    return tuple(cells[path] for path in sorted(cells))


def _state(cell: PublishedCell, results: Path) -> FilingState:
    path = results / cell.path
    if not path.exists() and not (results / published_outcomes_path(cell.path)).exists():
        return "added"
    try:
        stored = read_record(path), read_outcomes(results / published_outcomes_path(cell.path))
    except RecordError:  # damaged or incomplete: to be replaced, if that is wanted
        return "replaced"
    return "unchanged" if stored == (cell.record, cell.outcomes) else "replaced"


def _contents(cells: Iterable[PublishedCell]) -> dict[PurePosixPath, bytes]:
    contents: dict[PurePosixPath, bytes] = {}
    for cell in cells:
        contents[cell.path] = record_bytes(cell.record)
        contents[published_outcomes_path(cell.path)] = outcomes_bytes(cell.outcomes)
    return contents


def _rechecks(run: Path, cells: Iterable[PublishedCell]) -> dict[PurePosixPath, bytes]:
    """The rechecks of the rows of a run, by the paths that they have in published results."""
    found = {}
    for cell in cells:
        path = recheck_path(run, cell.record)
        if path.exists():
            found[cell.path.with_name(RECHECK_FILE)] = encode(read_recheck(path), indent=1)
    return found


def _check(run: Path, contents: Mapping[PurePosixPath, bytes], results: Path) -> None:
    """Check the results as they will be with new contents; only problems of these count."""
    files = read_results_files(results)
    after = ResultsFiles({**files.contents, **contents}, files.others, added=contents.keys())
    problems = [one for one in check_files(after).problems if one.path in contents]
    if problems:
        raise InputError(
            f"{run} cannot be filed: {problems[0].line(str(results))}"
            f"{and_more(problems, 'problem')}"
        )
