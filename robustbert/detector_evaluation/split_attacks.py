"""Attacks like those of a finished cell on other examples, kept in the run folder.

``detection/CELL--validation.IDENTITY.jsonl`` has the outcomes on the validation split, from which
an interrupted run is resumed; ``detection/CELL--failed.IDENTITY.jsonl`` has the texts with which
failed attacks on the test split, which outcomes do not hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from robustbert.bench.identity import cell_identity
from robustbert.bench.job import LoadedJob
from robustbert.bench.store import RunStore
from robustbert.data.examples import Example
from robustbert.errors import RecordError
from robustbert.gate.repeated_attack import repeat_attack, repeated_job
from robustbert.gate.repeated_cells import LoadedVictim, RepeatedCells
from robustbert.io import output_errors, write_text
from robustbert.metrics import survived
from robustbert.progress import report_step
from robustbert.records import Outcome, Record, append_outcome, read_outcomes
from robustbert.reports.row_labels import cell_label
from robustbert.reports.wording import counted

#: The folder in the run folder.
FOLDER = "detection"
VALIDATION = "validation"
FAILED = "failed"


@dataclass(frozen=True)
class SplitAttacks:
    """Attacks a victim as the cells of a run do.

    Args:
        run: the run folder.
        loaded: the victim.
        cells: loads the data.
    """

    run: Path
    loaded: LoadedVictim
    cells: RepeatedCells

    def validation(self, record: Record, n: int) -> tuple[Outcome, ...]:
        """Attack the first ``n`` examples of the validation split; finished ones are read.

        Args:
            record: the record of the cell.
            n: the number of examples.

        Raises:
            InputError: there are fewer examples.
            DatasetError: there is no validation split.
            OutputError: the run folder cannot be written to.
        """
        job = repeated_job(self.cells, self.loaded, self.cells.on_split(record, VALIDATION), n=n)
        path = self._path(job, VALIDATION)
        with self._locked():
            known = _finished(path)
            todo = [one for one in job.examples.items if one.example_id not in known]
            found = self._attack(job, record, todo, "validation", lambda o: append_outcome(o, path))
        by_id = known | {one.example_id: one for one in found.outcomes}
        return tuple(by_id[one.example_id] for one in job.examples.items)

    def failed(self, record: Record, outcomes: Sequence[Outcome]) -> dict[str, str]:
        """The texts with which failed attacks of a cell ended, keyed by example id.

        The attacks are repeated. An attack that changed nothing has none.

        Args:
            record: the record of the cell.
            outcomes: its outcomes.

        Raises:
            RecordError: the stored texts cannot be read.
            OutputError: the run folder cannot be written to.
        """
        job = repeated_job(self.cells, self.loaded, record, n=record.protocol.n)
        path = self._path(job, FAILED)
        wanted = {one.example_id for one in outcomes if survived(one)}
        with self._locked():
            texts = _read_texts(path) if path.exists() else self._last_texts(job, record, wanted)
        retracted = {
            one.example_id: one.adversarial_text
            for one in outcomes
            if one.retracted and one.adversarial_text is not None
        }
        return {**texts, **retracted}

    def _last_texts(
        self, job: LoadedJob, record: Record, wanted: Collection[str]
    ) -> dict[str, str]:
        """Attack these examples for these texts, and store them unless an attack had an error."""
        todo = [one for one in job.examples.items if one.example_id in wanted]
        found = self._attack(job, record, todo, "failed attacks")
        texts = dict(sorted(found.final_texts.items()))
        if all(one.error is None for one in found.outcomes):  # else a later run tries it again
            lines = (json.dumps({"example_id": one, "text": text}) for one, text in texts.items())
            write_text(self._path(job, FAILED), "".join(f"{line}\n" for line in lines))
        return texts

    @contextmanager
    def _locked(self) -> Iterator[None]:
        folder = self.run / FOLDER
        with RunStore(self.run).locked(), output_errors(f"to {folder}", "copy the run elsewhere"):
            folder.mkdir(exist_ok=True)
            yield

    def _path(self, job: LoadedJob, what: str) -> Path:
        identity = cell_identity(job.header).sha256()[:12]
        return self.run / FOLDER / f"{job.header.name}--{what}.{identity}.jsonl"

    def _attack(
        self,
        job: LoadedJob,
        record: Record,
        todo: Sequence[Example],
        what: str,
        save: Callable[[Outcome], None] | None = None,
    ) -> _Found:
        if not todo:
            return _Found((), {})
        before = record.timing.attack_seconds
        took = "" if before is None else f"; its {record.protocol.n} took {before:.0f} s"
        attacked = counted(len(todo), "example")
        report_step(f"{what}: attacking {attacked} of {cell_label(record)}{took}")
        run = repeat_attack(job, record, todo, what, save)
        return _Found(run.outcomes, run.final_texts)


@dataclass(frozen=True)
class _Found:
    outcomes: tuple[Outcome, ...]
    final_texts: Mapping[str, str]


def _finished(path: Path) -> dict[str, Outcome]:
    if not path.exists():
        return {}
    return {one.example_id: one for one in read_outcomes(path, unfinished=True)}


def _read_texts(path: Path) -> dict[str, str]:
    found = {}
    for line in path.read_bytes().splitlines():
        try:
            entry = json.loads(line)
            example_id, text = entry["example_id"], entry["text"]
        except (ValueError, KeyError, TypeError):
            example_id = text = None
        if not isinstance(example_id, str) or not isinstance(text, str):
            raise RecordError(f"{path} cannot be read; delete it, and it will be made again")
        found[example_id] = text
    return found
