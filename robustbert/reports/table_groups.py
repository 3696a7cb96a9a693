"""The rows of a table that can be compared, with their notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from robustbert.reports.cell import ExtraColumns
from robustbert.reports.notes import caption
from robustbert.reports.table_rows import Row


@dataclass(frozen=True)
class Group:
    """The rows of one dataset, split and track.

    Args:
        dataset: name of the dataset.
        split: name of the split.
        track: the threat model.
        n: the number of examples that most rows ran on.
        core: core recipes run by at least one row. They are the first columns, and worst case,
            queries and words changed are computed over them.
        others: the other recipes, which are the last columns.
        rows: ordered by their first record.
        notes: caveats needed to interpret the numbers, one or two sentences each.
        extra: the columns that a leaderboard adds.
    """

    dataset: str
    split: str
    track: str
    n: int
    core: tuple[str, ...]
    others: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    extra: ExtraColumns | None = None

    @property
    def caption(self) -> str:
        """The recipes over which worst case, queries and words changed are computed."""
        return caption(self.core)

    @property
    def recipes(self) -> tuple[str, ...]:
        """All recipes, the core ones first."""
        return self.core + self.others


class Groups(Protocol):
    """Anything with groups: a table, as the functions that format it see it."""

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups, in the order in which they are shown."""
        ...
