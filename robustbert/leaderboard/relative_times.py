"""The CPU time of training steps and of queries with defenses, relative to the plain model.

``benchmarks/speed/training_steps.py`` and ``query_times.py`` measure it. The times in records are
wall-clock times of different runs, which depend on what else ran on the machine. Here every batch
is done with each defense in turn, in one run.
"""

from __future__ import annotations

import json
import statistics
from abc import abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Self, TypeVar

from pydantic import Field, model_validator

from robustbert.leaderboard.row_settings import RowSettings
from robustbert.records import DefenseRef, Environment
from robustbert.records.fields import Name, PositiveInt, StrictModel
from robustbert.records.strict_json import encode, parse_object, read_file, validated
from robustbert.reports.conditions import canonical
from robustbert.reports.notes.noted_cells import first_record
from robustbert.reports.table_groups import Group

#: The training settings that the time of a step depends on; measured steps have their defaults.
STEP_SETTINGS = frozenset({"batch_size", "max_length"})
#: The training settings that the time of a query depends on.
QUERY_SETTINGS = frozenset({"max_length"})
Seconds = Annotated[float, Field(gt=0)]


@dataclass(frozen=True)
class TimeRatio:
    """How many times as long as with the plain model something takes: quartiles over batches."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.1f}× ({self.low:.1f}–{self.high:.1f})"


class MeasuredDefenses(StrictModel):
    """The times of one list of defenses."""

    defenses: list[DefenseRef] = Field(description="the defenses; empty for the plain model")
    cpu_seconds: Annotated[list[Seconds], Field(min_length=2)] = Field(
        description="CPU time of each batch, in seconds"
    )


class RelativeTimes(StrictModel):
    """The times of a model on the same batches, plain and with defenses."""

    #: What is measured: the first part of a file's name.
    measured: ClassVar[str]

    model: Name = Field(description="the base model")
    dataset: Name = Field(description="the dataset of the batches")
    batch_size: PositiveInt = Field(description="texts per batch")
    seed: int = Field(description="seed of the choice of texts and of the training")
    instructions: str = Field(description="the most capable instruction set of the CPU")
    environment: Environment = Field(description="software and hardware")
    rows: Annotated[list[MeasuredDefenses], Field(min_length=1)] = Field(
        description="the lists of defenses, the empty one among them"
    )

    @property
    def num_batches(self) -> int:
        """The number of batches on which each list was measured."""
        return len(self.rows[0].cpu_seconds)

    @abstractmethod
    def ratio(self, settings: RowSettings) -> TimeRatio | None:
        """The time of a row relative to that of the plain model; None if it was not measured."""

    def _ratio(
        self, settings: RowSettings, defenses: str | None, chosen: Collection[str]
    ) -> TimeRatio | None:
        """The ratio of a list of defenses, as JSON, unless the row has other settings."""
        own = self._seconds(defenses)
        plain = self._seconds(canonical([]))
        changed = json.loads(settings.training).keys() & chosen
        if own is None or plain is None or settings.model != self.model or changed:
            return None
        ratios = [a / b for a, b in zip(own, plain, strict=True)]
        return TimeRatio(*statistics.quantiles(ratios, n=4, method="inclusive"))

    @model_validator(mode="after")
    def _same_batches(self) -> Self:
        if len({len(row.cpu_seconds) for row in self.rows}) > 1:
            raise ValueError("rows: all need the same number of batches")
        return self

    def _seconds(self, defenses: str | None) -> Sequence[float] | None:
        for row in self.rows:
            if canonical([one.model_dump() for one in row.defenses]) == defenses:
                return row.cpu_seconds
        return None


class StepTimes(RelativeTimes):
    """Training steps."""

    measured: ClassVar[str] = "steps"

    def ratio(self, settings: RowSettings) -> TimeRatio | None:
        """The time of a row's training step; its number of epochs, for one, does not matter."""
        return self._ratio(settings, settings.defenses, STEP_SETTINGS)


class QueryTimes(RelativeTimes):
    """Predictions for texts, as an attack asks for them."""

    measured: ClassVar[str] = "queries"

    def ratio(self, settings: RowSettings) -> TimeRatio | None:
        """The time of a query of a row: its defenses count only if they change predictions."""
        return self._ratio(settings, settings.wrappers, QUERY_SETTINGS)


Times = TypeVar("Times", bound=RelativeTimes)


def times_file(measured: str, dataset: str) -> str:
    """The name of the file of what was measured on a dataset."""
    return f"{measured}-{dataset}.json"


def write_times(times: RelativeTimes, folder: Path) -> None:
    """Write times into the folder of their processor."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / times_file(times.measured, times.dataset)
    path.write_bytes(encode(times, indent=2))


def read_times(kind: type[Times], folder: Path, dataset: str) -> tuple[Times, ...]:
    """Read what was measured on a dataset, one file per processor, in the order of their folders.

    Args:
        kind: what was measured.
        folder: the folder of the processors' folders.
        dataset: the dataset.

    Raises:
        RecordError: a file is not in the format; the message names the field.
    """
    paths = sorted(folder.glob(f"*/{times_file(kind.measured, dataset)}"))
    return tuple(
        validated(kind, parse_object(read_file(path), str(path)), str(path)) for path in paths
    )


def times_of(kind: type[Times], group: Group, folder: Path) -> Times | None:
    """What was measured on the dataset of a table and on a processor of its rows; None without.

    Raises:
        RecordError: as in :func:`read_times`.
    """
    processors = {first_record(row).environment.processor for row in group.rows}
    found = read_times(kind, folder, group.dataset)
    return next((one for one in found if one.environment.processor in processors), None)
