"""The output folder of a run: its lock, its configuration and its files.

The folder has a single configuration and is written only by this module. It contains
``configuration.json``, ``records/CELL.json``, ``outcomes/CELL.jsonl``, ``table.md``,
``table.tex`` and ``table.csv``. While a cell runs, its outcomes are appended to
``outcomes/CELL.IDENTITY.partial``, from which an interrupted run is resumed.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from robustbert.assets.profiles import OFFLINE
from robustbert.bench.identity import CellIdentity, cell_identity
from robustbert.bench.record import CellHeader
from robustbert.errors import RecordError
from robustbert.io import file_lock, output_errors, remove_temporary_files, write_text
from robustbert.records import (
    Outcome,
    Record,
    Run,
    append_outcome,
    outcomes_path,
    read_outcomes,
    read_record,
    read_run,
    record_name,
    record_path,
    write_outcomes,
    write_record,
)
from robustbert.reports import Table, render_latex, render_markdown, to_csv

#: The lock file, held by the run that writes to the folder.
LOCK_FILE = ".lock"
#: The configuration that all runs in a folder share.
CONFIGURATION_FILE = "configuration.json"
# How messages describe a value of each part of the configuration.
_DESCRIPTIONS = {
    "settings": "{}",
    "datasets": "the hash of the dataset {}",
    "examples": "the number of examples of {}",
}


@dataclass(frozen=True)
class Configuration:
    """Everything that determines the outcomes of a run, except its models.

    A later run in the same folder may add models, recipes and datasets but not change a value.

    Args:
        settings: seed, split, dtype, assets profile and the limits of the ``unified`` track, keyed
            by name.
        datasets: sha256 of each dataset, keyed by name.
        examples: number of examples, keyed by ``"DATASET RECIPE"``, and ``"DATASET RECIPE MODEL"``
            of a model with a number of its own.
    """

    settings: Mapping[str, Any]
    datasets: Mapping[str, str]
    examples: Mapping[str, int]


@dataclass(frozen=True)
class StoredCell:
    """The results that earlier runs stored for a cell.

    Args:
        journal: path of the file that collects the outcomes of the cell while it runs.
        record: the record of the finished cell; None if there is none.
        outcomes: the outcomes that are kept, keyed by example id; without errors, which are
            retried.
        interrupted: ids of the examples attacked by an interrupted run.
        complete: whether no example is left to attack.
    """

    journal: Path
    record: Record | None
    outcomes: Mapping[str, Outcome]
    interrupted: frozenset[str]
    complete: bool


class RunStore:
    """The output folder of a run.

    Args:
        folder: the output folder; only :meth:`locked` creates it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Create the folder, check that it is writable, and lock it.

        Temporary files of a killed run are removed. Folders that were created here are removed
        again if nothing was written to them.

        Raises:
            OutputError: the folder is not writable, or another run is writing to it.
        """
        folder = self._folder
        place, advice = f"to {folder}", "choose another output folder"
        with output_errors(place, advice):
            new = [path for path in (folder, *folder.parents) if not path.exists()]
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        busy = f"another run is writing to {folder}; wait for it, or choose another output folder"
        held = False
        try:
            with file_lock(folder / LOCK_FILE, place=place, advice=advice, busy=busy):
                held = True
                with output_errors(place, advice):
                    for path in (folder, folder / "records", folder / "outcomes"):
                        remove_temporary_files(path)
                yield
        finally:
            if held:
                self._remove_unused(new)

    def check_configuration(self, expected: Configuration) -> None:
        """Check that the folder has the expected configuration, or none yet.

        Raises:
            RecordError: the folder has another configuration; the message gives the difference.
        """
        self._merged_configuration(expected)

    def write_configuration(self, configuration: Configuration) -> None:
        """Store the configuration for later runs; raises like :meth:`check_configuration`."""
        merged = self._merged_configuration(configuration)
        if merged != self._read_configuration():
            text = json.dumps(merged, indent=2, sort_keys=True)
            write_text(self._folder / CONFIGURATION_FILE, f"{text}\n")

    def record(self, name: str) -> Record | None:
        """The stored record of a cell; None if there is none."""
        path = record_path(self._folder, name)
        return read_record(path) if path.exists() else None

    def is_complete(self, name: str, record: Record) -> bool:
        """Whether a cell with this record has all outcomes, none of them an error."""
        return not record.counts.error and outcomes_path(self._folder, name).exists()

    def check_record(
        self, name: str, record: Record, expected: CellIdentity, num_examples: int
    ) -> None:
        """Check that the stored record of a cell has the expected identity and examples.

        Raises:
            RecordError: it has others; the message gives the difference.
        """
        difference = expected.difference(cell_identity(record))
        path = record_path(self._folder, name)
        if difference:
            raise RecordError(
                f"{path} differs from this run in {difference}; choose another output folder"
            )
        if record.protocol.n != num_examples:
            raise RecordError(
                f"{path} has {record.protocol.n} examples, but this run has {num_examples}; choose "
                "another output folder"
            )

    def cell(self, header: CellHeader, example_ids: Sequence[str]) -> StoredCell:
        """Read the results that earlier runs stored for the cell.

        Args:
            header: the parts of the cell's record that are known before the attack.
            example_ids: the ids of its examples.

        Raises:
            RecordError: there are files of a cell with another identity or other examples.
        """
        name, identity = header.name, cell_identity(header)
        record = self.record(name)
        if record is not None:
            self.check_record(name, record, identity, len(example_ids))
        journal = self._journal(name, identity)
        outcomes = outcomes_path(self._folder, name)
        if record is not None and self.is_complete(name, record):
            journal.unlink(missing_ok=True)  # left by a killed run
            kept = {outcome.example_id: outcome for outcome in read_outcomes(outcomes)}
            return StoredCell(journal, record, kept, frozenset(), complete=True)
        finished = _resumable(outcomes, example_ids) if record is not None else {}
        interrupted = _resumable(journal, example_ids)
        return StoredCell(
            journal, record, finished | interrupted, frozenset(interrupted), complete=False
        )

    def append(self, cell: StoredCell, outcome: Outcome) -> None:
        """Append an outcome to the journal of a running cell."""
        append_outcome(outcome, cell.journal)

    def finish(self, cell: StoredCell, record: Record, outcomes: Sequence[Outcome]) -> None:
        """Write the outcomes and the record of a cell, and remove its journal."""
        name = record_name(record)
        write_outcomes(outcomes, outcomes_path(self._folder, name))
        write_record(record, record_path(self._folder, name))
        cell.journal.unlink(missing_ok=True)

    def replace_records(self, records: Iterable[Record]) -> None:
        """Write records of finished cells again, for example with more reliability checks."""
        for record in records:
            write_record(record, record_path(self._folder, record_name(record)))

    def content(self, first: Sequence[Record]) -> Run:
        """All records and outcomes of the folder.

        Args:
            first: the records that come first; the others follow in the order of their file names.
        """
        run = read_run(self._folder)
        names = {record_name(record) for record in first}
        others = (record for record in run.records if record_name(record) not in names)
        return Run((*first, *others), run.outcomes)

    def write_table(self, table: Table) -> None:
        """Write ``table.md``, ``table.tex`` and ``table.csv``."""
        write_text(self._folder / "table.md", render_markdown(table))
        write_text(self._folder / "table.tex", render_latex(table))
        write_text(self._folder / "table.csv", to_csv(table))

    def _journal(self, name: str, identity: CellIdentity) -> Path:
        """The path of the journal; raise ``RecordError`` if the cell has another journal."""
        journal = self._folder / "outcomes" / f"{name}.{identity.sha256()[:12]}.partial"
        for other in journal.parent.glob(f"{name}.*.partial"):
            if other != journal:
                raise RecordError(
                    f"{other} was written by a run that differs from this one, for example in "
                    "model, dtype, defense, training seed, data, assets, protocol, versions or "
                    "processor; choose another output folder, or delete the file if it is not "
                    "needed"
                )
        return journal

    def _merged_configuration(self, configuration: Configuration) -> dict[str, dict[str, Any]]:
        """The stored configuration merged with ``configuration``."""
        stored, new = self._read_configuration(), asdict(configuration)
        for part, values in new.items():
            for name, value in values.items():
                before = stored.get(part, {}).get(name, value)
                if before != value:
                    raise RecordError(
                        f"{self._folder} contains a run with another configuration: "
                        f"{_DESCRIPTIONS[part].format(name)} is {before} there, but {value} in "
                        "this run; choose another output folder"
                    )
        return {part: {**stored.get(part, {}), **values} for part, values in new.items()}

    def _read_configuration(self) -> dict[str, dict[str, Any]]:
        path = self._folder / CONFIGURATION_FILE
        if not path.exists():
            return {}
        try:
            content = json.loads(path.read_bytes())
            if isinstance(content, dict) and all(isinstance(v, dict) for v in content.values()):
                # runs before there were other assets do not say it
                content["settings"] = {"assets": OFFLINE} | content.get("settings", {})
                return content
            reason = "it is not a run configuration"
        except (OSError, ValueError) as error:
            reason = str(error)
        raise RecordError(f"{path} cannot be read ({reason}); choose another output folder")

    def _remove_unused(self, new: Sequence[Path]) -> None:
        """Remove the ``new`` folders again if nothing was written to them."""
        own = {LOCK_FILE, CONFIGURATION_FILE}
        if new and {path.name for path in self._folder.iterdir()} <= own:
            for name in own:
                (self._folder / name).unlink(missing_ok=True)
        with suppress(OSError):  # fails if results were written, as expected
            for path in new:
                path.rmdir()


def _resumable(path: Path, example_ids: Sequence[str]) -> dict[str, Outcome]:
    """The non-error outcomes in a file of an earlier run, keyed by example id."""
    if not path.exists():
        return {}
    known_ids = set(example_ids)
    return {
        outcome.example_id: outcome
        for outcome in read_outcomes(path, unfinished=True)
        if outcome.example_id in known_ids and outcome.status != "error"
    }
