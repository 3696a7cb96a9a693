"""A baseline: the results of a run in one small file, to commit beside a model.

It holds the records of the cells and, instead of their outcomes, one letter per example for its
status. It contains no texts. :func:`robustbert.records.read_baseline` reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from pydantic import Field, model_validator

from robustbert.records.fields import Name, Status, StrictModel, Timestamp
from robustbert.records.outcome import Outcome
from robustbert.records.schema import Record

#: The version of the format of new baselines.
BASELINE_VERSION: Final = 1

_LETTERS: Mapping[Status, str] = {
    "skipped": "s",
    "robust": "r",
    "broken": "b",
    "exhausted": "x",
    "error": "e",
}
_STATUSES: Mapping[str, Status] = {letter: status for status, letter in _LETTERS.items()}


class Acceptance(StrictModel):
    """A baseline that replaced an earlier one although the run did not pass the gate."""

    created_at: Timestamp = Field(description="time in UTC, such as `2026-11-24T12:00:00Z`")
    reason: Name = Field(description="the reason that was given")
    failures: list[str] = Field(description="what did not pass, one line each")


class BaselineCell(StrictModel):
    """One cell: its record and the status of each example."""

    record: Record = Field(
        description="the record of the cell, without the row counts of the batch invariance check"
    )
    examples: Name = Field(description="the key of its example ids in `example_ids`")
    statuses: str = Field(
        description=(
            "one letter per example, in the order of the ids: `s`kipped, `r`obust, `b`roken, "
            "e`x`hausted or `e`rror"
        )
    )

    @model_validator(mode="after")
    def _consistent(self) -> BaselineCell:
        unknown = set(self.statuses) - set(_STATUSES)
        if unknown:
            raise ValueError(f"statuses: unknown letter {min(unknown)!r}")
        found = Counter(_STATUSES[letter] for letter in self.statuses)
        for status in _LETTERS:
            if found[status] != getattr(self.record.counts, status):
                raise ValueError(
                    f"statuses: {found[status]} {status}, but the record counts "
                    f"{getattr(self.record.counts, status)}"
                )
        return self


class Baseline(StrictModel):
    """The results of a run in one file."""

    baseline_version: Literal[1] = Field(
        BASELINE_VERSION, description="version of the format of baselines"
    )
    created_at: Timestamp = Field(description="time in UTC, such as `2026-11-24T12:00:00Z`")
    acceptances: list[Acceptance] = Field(
        description="the baselines that were accepted although they did not pass, oldest first"
    )
    example_ids: dict[str, list[Name]] = Field(
        description="lists of example ids, each used by one or several cells"
    )
    cells: list[BaselineCell] = Field(description="the cells; at least one", min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Baseline:
        for name, ids in self.example_ids.items():
            if len(set(ids)) < len(ids):
                raise ValueError(f"example_ids.{repr(name)[1:-1]}: an id occurs twice")
        for number, cell in enumerate(self.cells):
            if cell.examples not in self.example_ids:
                raise ValueError(f"cells.{number}.examples: there is no {cell.examples!r}")
            if len(self.example_ids[cell.examples]) != len(cell.statuses):
                raise ValueError(f"cells.{number}.statuses: not one letter per example id")
        return self

    def statuses_of(self, cell: BaselineCell) -> dict[str, Status]:
        """The status of each example of one of the cells, keyed by example id."""
        ids = self.example_ids[cell.examples]
        return {i: _STATUSES[letter] for i, letter in zip(ids, cell.statuses, strict=True)}


def make_baseline(
    cells: Iterable[tuple[Record, Mapping[str, Status]]],
    *,
    created_at: str,
    acceptances: Sequence[Acceptance] = (),
) -> Baseline:
    """The baseline of some cells.

    Args:
        cells: the record of each cell, and the status of each of its examples, keyed by id.
        created_at: the time in UTC.
        acceptances: those of the baseline that it replaces, and its own.
    """
    names: dict[tuple[str, ...], str] = {}
    made = []
    for record, statuses in cells:
        ids = tuple(statuses)
        name = names.setdefault(ids, f"{record.dataset.name}-{len(names) + 1}")
        letters = "".join(_LETTERS[status] for status in statuses.values())
        made.append(BaselineCell(record=_trimmed(record), examples=name, statuses=letters))
    return Baseline(
        created_at=created_at,
        acceptances=list(acceptances),
        example_ids={name: list(ids) for ids, name in names.items()},
        cells=made,
    )


def statuses_of(outcomes: Iterable[Outcome]) -> dict[str, Status]:
    """The status of each outcome, keyed by example id."""
    return {outcome.example_id: outcome.status for outcome in outcomes}


def _trimmed(record: Record) -> Record:
    """The record without the row counts of the batch invariance check, most of its length."""
    found = record.environment.batch_invariance
    if found is None:
        return record
    environment = record.environment.model_copy(
        update={"batch_invariance": found.model_copy(update={"ladder": {}})}
    )
    return record.model_copy(update={"environment": environment})
