"""The files of a results folder, each read once, and the cells in them.

A results folder contains one folder per dataset. Beside these there may be Markdown files, and
folders of other measurements, which no table is made from. A folder is that of a dataset if it
contains a folder named like a track, or a JSON file where records are.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from robustbert.errors import RecordError
from robustbert.leaderboard.checks.problem import Problem
from robustbert.records import ROW_FILES, Outcome, PublishedCell, Record
from robustbert.records.results_layout import TRACKS
from robustbert.records.storage import parse_outcome, parse_outcomes
from robustbert.records.strict_json import parse_object, read_file, record_of
from robustbert.reports.wording import and_more

# How many parts the path of a file has: DATASET/TRACK/ROW/FILE.
_DEPTH = 4


@dataclass(frozen=True)
class ResultsFiles:
    """The files of a results folder that are checked.

    Args:
        contents: the content of each record, outcome file, file of claims and recheck, keyed by its
            path relative to the folder.
        others: what is wrong with every other file.
        added: those of ``contents`` that are about to be added. Where files contradict each other,
            the ones that are not added are right.
    """

    contents: Mapping[PurePosixPath, bytes]
    others: tuple[Problem, ...] = ()
    added: Collection[PurePosixPath] = frozenset()


@dataclass(frozen=True)
class ReadResults:
    """The content of results files.

    Args:
        files: the files.
        records: the valid records, keyed by path.
        outcomes: the valid outcomes, keyed by the path of their record.
        invalid: what is wrong with the other records and outcomes.
    """

    files: ResultsFiles
    records: Mapping[PurePosixPath, Record]
    outcomes: Mapping[PurePosixPath, tuple[Outcome, ...]]
    invalid: tuple[Problem, ...]

    @cached_property
    def cells(self) -> tuple[PublishedCell, ...]:
        """The cells whose record and outcomes are valid; those that are added come last."""
        cells = [
            PublishedCell(path, record, self.outcomes[path])
            for path, record in sorted(self.records.items())
            if path in self.outcomes
        ]
        return tuple(sorted(cells, key=self.is_added))

    def is_added(self, cell: PublishedCell) -> bool:
        """Whether a cell is about to be added."""
        return cell.path in self.files.added

    @cached_property
    def tables(self) -> Mapping[PurePosixPath, tuple[PublishedCell, ...]]:
        """The cells of each dataset and track, keyed by their folder."""
        found: dict[PurePosixPath, list[PublishedCell]] = {}
        for cell in self.cells:
            found.setdefault(cell.path.parent.parent, []).append(cell)
        return {table: tuple(cells) for table, cells in found.items()}


def read_results_files(results: Path) -> ResultsFiles:
    """Read the files of a results folder; there are none if it does not exist.

    Raises:
        RecordError: it is a file or the folder of a run, or a file in it cannot be read.
    """
    if results.exists() and not results.is_dir():
        raise RecordError(f"{results} is a file; give the folder of results with --results")
    if any((results / "records").glob("*.json")):
        raise RecordError(
            f"{results} is the output folder of a run; give the folder of results with --results"
        )
    contents: dict[PurePosixPath, bytes] = {}
    others: list[Problem] = []
    for found in _files(results):
        path = PurePosixPath(found.relative_to(results).as_posix())
        message = _not_a_file(found) or _strange(path)
        if message:
            others.append(Problem(path, message))
        else:
            contents[path] = read_file(found)
    return ResultsFiles(contents, tuple(others))


def read_results(files: ResultsFiles) -> ReadResults:
    """Read the records and the outcomes in results files."""
    records: dict[PurePosixPath, Record] = {}
    outcomes: dict[PurePosixPath, tuple[Outcome, ...]] = {}
    invalid: list[Problem] = []
    for path, content in files.contents.items():
        try:
            if path.suffix == ".jsonl":
                outcomes[path.with_suffix(".json")] = parse_outcomes(content, "")
            elif path.name not in ROW_FILES:
                records[path] = record_of(parse_object(content, ""), "")
        except RecordError as error:
            lines = _invalid_lines(content) if path.suffix == ".jsonl" else []
            message = f"{str(error).removeprefix(': ')}{and_more(lines, 'line')}"
            invalid.append(Problem(path, message))
    return ReadResults(files, records, outcomes, tuple(invalid))


def _invalid_lines(content: bytes) -> list[bytes]:
    """The lines of outcomes that are invalid by themselves."""
    return [line for line in content.splitlines() if _is_invalid(line)]


def _is_invalid(line: bytes) -> bool:
    try:
        parse_outcome(line, "")
    except RecordError:
        return True
    return False


def _not_a_file(path: Path) -> str:
    """Why a path cannot be read; empty if it is a regular file."""
    if path.is_symlink():
        return "is a link; put the file itself here"
    return "" if path.is_file() else "is not a regular file; remove it"


def _strange(path: PurePosixPath) -> str:
    """Why a file is none of published results; empty if it is one."""
    if len(path.parts) != _DEPTH or path.suffix not in (".json", ".jsonl"):
        return "does not belong to published results; remove it"
    if path.parts[1] not in TRACKS:
        return f"{path.parts[1]!r} is not a track; the tracks are {', '.join(TRACKS)}"
    return ""


def _files(results: Path) -> Iterator[Path]:
    """Every file of the folders of datasets, and those beside them that are not Markdown."""
    for top in sorted(results.iterdir()) if results.is_dir() else ():
        if top.is_symlink() or not top.is_dir():
            if top.suffix != ".md":
                yield top
        elif _is_dataset(top):
            for place, folders, names in os.walk(top):
                found = sorted(Path(place) / name for name in (*folders, *names))
                yield from (path for path in found if path.is_symlink() or not path.is_dir())


def _is_dataset(folder: Path) -> bool:
    return any((folder / track).is_dir() for track in TRACKS) or any(folder.glob("*/*/*.json*"))
