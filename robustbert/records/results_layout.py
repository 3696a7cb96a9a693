"""The layout of published results: the path of a record says what it is.

``DATASET/TRACK/MODEL[+DEFENSE…]-HASH/RECIPE.json`` is the record of a cell, and ``RECIPE.jsonl``
beside it contains the outcomes, without texts. A row folder, ``MODEL[+DEFENSE…]-HASH``, holds one
model under one list of defenses; ``HASH`` is the start of :func:`row_sha256`. If attacks know the
defenses, ``-adaptive`` stands before it. The folder may also contain ``claims.json``, the figures
that papers state for the row, and ``recheck.json``, the second attacks on it.
"""

from __future__ import annotations

import gc
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, TypeVar, get_args

from robustbert.errors import RecordError
from robustbert.records.names import file_name_part
from robustbert.records.schema import Outcome, Record, Track
from robustbert.records.storage import Run, read_outcomes, read_record, record_name

AnyPath = TypeVar("AnyPath", bound=PurePath)

#: The names of the folders in that of a dataset.
TRACKS: tuple[str, ...] = get_args(Track)
#: The file of a row folder with the figures that papers state; see
#: :mod:`robustbert.leaderboard.claims`.
CLAIMS_FILE = "claims.json"
#: The file of a row folder with the second attacks on the row; see
#: :class:`robustbert.records.row_recheck.RowRecheck`.
RECHECK_FILE = "recheck.json"
#: The files of a row folder that are of no cell.
ROW_FILES = (CLAIMS_FILE, RECHECK_FILE)
_HASH_LENGTH = 8  # hex digits
# How many folders deep the records of a results folder are.
_DEPTH = 3


@dataclass(frozen=True)
class PublishedCell:
    """A cell of published results.

    Args:
        path: the path of its record, relative to the results folder.
        record: its record.
        outcomes: its outcomes, without texts.
    """

    path: PurePosixPath
    record: Record
    outcomes: tuple[Outcome, ...]

    @property
    def row_folder(self) -> str:
        """The name of the folder of its row."""
        return self.path.parent.name


def row_sha256(record: Record) -> str:
    """The hash of what makes a row: weights, dtype, maximum length, and defenses with parameters.

    An adaptive attack makes another row, also with another number of votes. The same row on another
    dataset or track has the same hash; names do not matter.
    """
    model = record.model
    row = {
        "model": [model.sha256, model.dtype, model.max_length],
        "defenses": [defense.model_dump() for defense in record.defenses],
        **_adaptive(record),
    }
    text = json.dumps(row, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def row_folder(record: Record) -> str:
    """The name of a row's folder, such as ``minilm+adversarial-training-1a2b3c4d``."""
    names = [record.model.name, *(defense.name for defense in record.defenses)]
    name = "+".join(map(file_name_part, names)) + ("-adaptive" if record.protocol.adaptive else "")
    return f"{name}-{row_sha256(record)[:_HASH_LENGTH]}"


def published_path(record: Record) -> PurePosixPath:
    """The path of a record, relative to the results folder."""
    folders = (file_name_part(record.dataset.name), record.track, row_folder(record))
    recipe = file_name_part(
        record.recipe.name, reserved={PurePosixPath(file).stem for file in ROW_FILES}
    )
    return PurePosixPath(*folders, f"{recipe}.json")


def published_outcomes_path(path: AnyPath) -> AnyPath:
    """The path of the outcomes of the record at ``path``: beside it."""
    return path.with_suffix(".jsonl")


def published_records(results: Path) -> tuple[Path, ...]:
    """The paths of all records of a results folder, in order."""
    return _records(results, _DEPTH)


def published_claims(folder: Path) -> tuple[Path, ...]:
    """The paths of all claims of a results folder, or of the folder of one dataset, in order."""
    depth = _DEPTH if published_records(folder) else _DEPTH - 1
    return tuple(sorted(folder.glob("/".join("*" * depth) + f"/{CLAIMS_FILE}")))


def is_published(folder: Path) -> bool:
    """Whether a folder contains published results: all of them, or those of one dataset."""
    return bool(_inside(folder))


def read_published(folder: Path) -> tuple[PublishedCell, ...]:
    """Read published results, in the order of their paths.

    Args:
        folder: the results folder, or the folder of one dataset in it.

    Raises:
        RecordError: there is no such folder, it contains no results, a cell has no outcomes, or a
            file violates the schema.
    """
    if not folder.is_dir():
        raise RecordError(f"{folder}: no such folder; give the folder of results with --results")
    paths = _inside(folder)
    if not paths:
        raise RecordError(
            f"{folder} contains no published results; file those of a run with robustbert "
            "leaderboard add RUN"
        )
    with _without_garbage_collection():
        return tuple(read_published_cell(path) for path in paths)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Pause the collector, which would take a third of the time: outcomes contain no cycles."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def read_published_cell(path: Path) -> PublishedCell:
    """Read the cell whose record is at ``path``.

    Raises:
        RecordError: it has no outcomes, or a file violates the schema.
    """
    outcomes = published_outcomes_path(path)
    if not outcomes.exists():
        raise RecordError(f"{path} has no outcomes; put {outcomes.name} beside it")
    return PublishedCell(published_place(path), read_record(path), read_outcomes(outcomes))


def published_place(path: Path) -> PurePosixPath:
    """The path of a file of a row folder, relative to the results folder."""
    return PurePosixPath(*path.absolute().parts[-_DEPTH - 1 :])


def run_of_published(cells: Sequence[PublishedCell]) -> Run:
    """Published cells as a run, with unique cell names.

    Where several models, or several parameters of a defense, share a name, their records get a
    ``variant``, as in a suite.
    """
    records: Sequence[Record] = [cell.record for cell in cells]
    for digest in (_settings_sha256, row_sha256):
        records = _with_variants(records, digest)
    names = [record_name(record) for record in records]
    outcomes = {name: cell.outcomes for name, cell in zip(names, cells, strict=True)}
    return Run(tuple(records), outcomes)


def _inside(folder: Path) -> tuple[Path, ...]:
    """The records of a results folder, or of the folder of one dataset."""
    return published_records(folder) or _records(folder, _DEPTH - 1)


def _records(folder: Path, depth: int) -> tuple[Path, ...]:
    """The records ``depth`` folders down, in order: JSON files of a track that are of a cell."""
    paths = folder.glob("/".join("*" * depth) + "/*.json")
    return tuple(
        sorted(
            path
            for path in paths
            if path.name not in ROW_FILES and path.parent.parent.name in TRACKS
        )
    )


def _settings_sha256(record: Record) -> str:
    """A hash of a row without its weights: replicates share it."""
    model = record.model.model_dump(exclude={"sha256", "num_parameters", "variant"})
    settings = [model, [defense.model_dump() for defense in record.defenses]]
    if adaptive := _adaptive(record):  # others keep the hashes of earlier versions
        settings.append(adaptive)
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _adaptive(record: Record) -> dict[str, Any]:
    """The number of votes of an adaptive attack; empty for another one."""
    return {"adaptive": record.protocol.adaptive_votes} if record.protocol.adaptive else {}


def _with_variants(records: Sequence[Record], digest: Callable[[Record], str]) -> Sequence[Record]:
    """Records in which those of rows that share a cell name have a hash as their variant."""
    times = Counter(map(record_name, records))
    shared = {digest(record) for record in records if times[record_name(record)] > 1}
    return [
        _with_variant(record, sha) if (sha := digest(record)) in shared else record
        for record in records
    ]


def _with_variant(record: Record, sha256: str) -> Record:
    model = record.model.model_copy(update={"variant": sha256[:_HASH_LENGTH]})
    return record.model_copy(update={"model": model})
