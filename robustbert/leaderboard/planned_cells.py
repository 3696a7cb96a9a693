"""Which cells a plan has, and which of them a record is: described alike, whatever the weights."""

from __future__ import annotations

from dataclasses import dataclass

from robustbert.attacks.protocol import PROTOCOL_REVISION
from robustbert.bench import Plan
from robustbert.leaderboard.row_settings import (
    RowSettings,
    settings_of_record,
    settings_of_victim,
)
from robustbert.records import Record
from robustbert.records.names import replicate_seed


@dataclass(frozen=True)
class PlannedCell:
    """A cell of a plan, or the one that a record is of.

    Args:
        dataset: the name of the dataset.
        split: the split that is attacked.
        settings: how the row is made.
        replicate: the model's training seed if it differs from ``seed``, else None.
        track: the name of the track.
        recipe: the name of the recipe.
        num_examples: how many examples are attacked, at least 1.
        seed: seed from which the examples are drawn.
        protocol_revision: the revision of the protocol; None if a record has none.
    """

    dataset: str
    split: str
    settings: RowSettings
    replicate: int | None
    track: str
    recipe: str
    num_examples: int
    seed: int
    protocol_revision: int | None


def planned_cells(plan: Plan) -> frozenset[PlannedCell]:
    """The cells that a run of the plan makes now."""
    return frozenset(
        PlannedCell(
            dataset=cell.dataset,
            split=plan.split,
            settings=settings_of_victim(cell.victim),
            replicate=cell.replicate,
            track=cell.track,
            recipe=cell.recipe,
            num_examples=cell.n,
            seed=plan.seed,
            protocol_revision=PROTOCOL_REVISION,
        )
        for cell in plan.cells
    )


def cell_of_record(record: Record) -> PlannedCell:
    """The cell that a record is of."""
    protocol = record.protocol
    return PlannedCell(
        dataset=record.dataset.name,
        split=record.dataset.split,
        settings=settings_of_record(record),
        replicate=replicate_seed(record.training_seed, protocol.seed),
        track=record.track,
        recipe=record.recipe.name,
        num_examples=protocol.n,
        seed=protocol.seed,
        protocol_revision=protocol.revision,
    )
