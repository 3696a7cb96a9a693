"""The files of a results folder, each read once, and the cells in them.

A results folder holds one folder per dataset, and beside them anything else: Markdown files, and
folders that no table is made from. A folder is that of a dataset if it contains a folder named like
a track, or records as deep as those of a dataset.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import get_args

from robustbert.errors import RecordError
from robustbert.leaderboard.checks.problem import Problem
from robustbert.records import Outcome, PublishedCell, Record, Track
from robustbert.records.storage import parse_outcomes
from robustbert.records.strict_json import parse_object, read_file, record_of

TRACKS: tuple[str, ...] = get_args(Track)
#: How many parts the path of a record or of outcomes has: DATASET/TRACK/ROW/FILE.
DEPTH = 4
#: The file with the claimed figures of a row, in its folder.
CLAIMS_FILE = "claims.json"
_CHECK = "schema"


@dataclass(frozen=True)
class ResultsFiles:
    """The files of the datasets of a results folder.

    Args:
        contents: the content of each file, keyed by its path relative to the folder; None for a
            link, which is not followed.
        added: the files that are to be added; the other ones say what is right where files differ.
    """

    contents: Mapping[PurePosixPath, bytes | None]
    added: Collection[PurePosixPath] = frozenset()


@dataclass(frozen=True)
class ReadResults:
    """The content of results files.

    Args:
        files: the files.
        records: the valid records, keyed by path.
        outcomes: the valid outcomes, keyed by the path of their record.
        unreadable: what is wrong with the other records and outcomes.
    """

    files: ResultsFiles
    records: Mapping[PurePosixPath, Record]
    outcomes: Mapping[PurePosixPath, tuple[Outcome, ...]]
    unreadable: tuple[Problem, ...]

    @property
    def cells(self) -> tuple[PublishedCell, ...]:
        """The cells whose record and outcomes are both valid."""
        return tuple(
            PublishedCell(path, record, self.outcomes[path])
            for path, record in self.records.items()
            if path in self.outcomes
        )

    def tables(self) -> Mapping[PurePosixPath, tuple[PublishedCell, ...]]:
        """The cells of each table, keyed by ``DATASET/TRACK``; the added ones last."""
        found: dict[PurePosixPath, list[PublishedCell]] = {}
        for cell in sorted(self.cells, key=lambda cell: cell.path in self.files.added):
            found.setdefault(cell.path.parent.parent, []).append(cell)
        return {table: tuple(cells) for table, cells in found.items()}


def is_record(path: PurePosixPath) -> bool:
    """Whether a file is where records are."""
    return len(path.parts) == DEPTH and path.suffix == ".json" and path.name != CLAIMS_FILE


def is_outcomes(path: PurePosixPath) -> bool:
    """Whether a file is where outcomes are."""
    return len(path.parts) == DEPTH and path.suffix == ".jsonl"


def read_results_files(results: Path) -> ResultsFiles:
    """Read all files of the datasets of a results folder.

    Raises:
        RecordError: there is no such folder, it has no dataset, or a file cannot be read.
    """
    if not results.is_dir():
        raise RecordError(f"{results}: no such folder; give a results folder with --results")
    folders = [folder for folder in sorted(results.iterdir()) if _is_dataset(folder)]
    contents = {
        PurePosixPath(path.relative_to(results).as_posix()): content
        for path, content in _contents(results, folders)
    }
    if not contents:
        raise RecordError(
            f"{results} contains no published results; file those of a run with robustbert "
            "leaderboard add RUN"
        )
    return ResultsFiles(contents)


def read_results(files: ResultsFiles) -> ReadResults:
    """Read the records and the outcomes in results files."""
    records: dict[PurePosixPath, Record] = {}
    outcomes: dict[PurePosixPath, tuple[Outcome, ...]] = {}
    unreadable: list[Problem] = []
    for path, content in files.contents.items():
        if content is None:
            continue
        try:
            if is_record(path):
                records[path] = record_of(parse_object(content, ""), "")
            elif is_outcomes(path):
                outcomes[path.with_suffix(".json")] = parse_outcomes(content, "")
        except RecordError as error:
            unreadable.append(Problem(path, _CHECK, str(error).removeprefix(": ")))
    return ReadResults(files, records, outcomes, tuple(unreadable))


def _is_dataset(folder: Path) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    return any((folder / track).is_dir() for track in TRACKS) or any(folder.glob("*/*/*.json"))


def _contents(results: Path, folders: Collection[Path]) -> Iterator[tuple[Path, bytes | None]]:
    """Every file of the folders; links are not followed."""
    for top in folders:
        for place, names, files in os.walk(top):
            names.sort()
            links = [name for name in names if (Path(place) / name).is_symlink()]
            for path in (Path(place) / name for name in sorted([*files, *links])):
                yield path, None if path.is_symlink() else read_file(path)
