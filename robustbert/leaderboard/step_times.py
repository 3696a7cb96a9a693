"""The CPU time of training steps with defenses, as ``benchmarks/speed/training_steps.py`` measures.

The training times in records are wall-clock times of different runs, which depend on what else ran
on the machine. Here every batch is done with each defense in turn, in one run.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

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
Seconds = Annotated[float, Field(gt=0)]


@dataclass(frozen=True)
class StepRatio:
    """How many times as long as in plain training a step takes: quartiles over the batches."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.1f}× ({self.low:.1f}–{self.high:.1f})"


class DefenseSteps(StrictModel):
    """The steps of one list of defenses."""

    defenses: list[DefenseRef] = Field(description="the defenses; empty for plain training")
    cpu_seconds: Annotated[list[Seconds], Field(min_length=2)] = Field(
        description="CPU time of the step on each batch, in seconds"
    )


class StepTimes(StrictModel):
    """Training steps of a model on the same batches, plain and with defenses."""

    model: Name = Field(description="the base model")
    dataset: Name = Field(description="the dataset of the batches")
    batch_size: PositiveInt = Field(description="texts per batch")
    seed: int = Field(description="seed of the choice of texts and of the training")
    instructions: str = Field(description="the most capable instruction set of the CPU")
    environment: Environment = Field(description="software and hardware")
    rows: Annotated[list[DefenseSteps], Field(min_length=1)] = Field(
        description="the steps, plain training among them"
    )

    @property
    def num_batches(self) -> int:
        """The number of batches on which each step was measured."""
        return len(self.rows[0].cpu_seconds)

    def ratio(self, settings: RowSettings) -> StepRatio | None:
        """The time of a row's training step relative to plain training; None if not measured.

        The number of epochs and other settings that a step does not depend on are ignored.
        """
        own = self._seconds(settings.defenses)
        plain = self._seconds(canonical([]))
        changed = STEP_SETTINGS & json.loads(settings.training).keys()
        if own is None or plain is None or settings.model != self.model or changed:
            return None
        ratios = [a / b for a, b in zip(own, plain, strict=True)]
        return StepRatio(*statistics.quantiles(ratios, n=4, method="inclusive"))

    @model_validator(mode="after")
    def _same_batches(self) -> StepTimes:
        if len({len(row.cpu_seconds) for row in self.rows}) > 1:
            raise ValueError("rows: all need the same number of batches")
        return self

    def _seconds(self, defenses: str) -> Sequence[float] | None:
        for row in self.rows:
            if canonical([one.model_dump() for one in row.defenses]) == defenses:
                return row.cpu_seconds
        return None


def step_times_file(dataset: str) -> str:
    """The name of the file of the steps on a dataset."""
    return f"steps-{dataset}.json"


def write_step_times(times: StepTimes, folder: Path) -> None:
    """Write measured steps into the folder of their processor in ``results/training-speed``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / step_times_file(times.dataset)).write_bytes(encode(times, indent=2))


def read_step_times(speed: Path, dataset: str) -> tuple[StepTimes, ...]:
    """Read the steps that were measured on a dataset, one per processor, in the order of folders.

    Args:
        speed: the folder ``results/training-speed``.
        dataset: the dataset.

    Raises:
        RecordError: a file is not in the format; the message names the field.
    """
    paths = sorted(speed.glob(f"*/{step_times_file(dataset)}"))
    return tuple(
        validated(StepTimes, parse_object(read_file(path), str(path)), str(path)) for path in paths
    )


def step_times_of(group: Group, speed: Path) -> StepTimes | None:
    """The measured steps on the dataset of a table and on a processor of its rows; None without.

    Raises:
        RecordError: as in :func:`read_step_times`.
    """
    processors = {first_record(row).environment.processor for row in group.rows}
    found = read_step_times(speed, group.dataset)
    return next((one for one in found if one.environment.processor in processors), None)
