"""Group records into rows: one row per model, or per set of replicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from robustbert.records import Record
from robustbert.reports.conditions import (
    canonical,
    recipe_condition_values,
    row_condition_values,
)


@dataclass(frozen=True)
class Member:
    """One trained model within a row.

    Args:
        training_seed: None if the model was not trained by robustbert, or the seed is unknown.
        sha256: hash of the weights.
        records: keyed by recipe name.
    """

    training_seed: int | None
    sha256: str
    records: Mapping[str, Record]

    @property
    def first(self) -> Record:
        """The first record; all of them have the same model and row conditions."""
        return next(iter(self.records.values()))


def group_into_rows(records: Sequence[Record]) -> list[tuple[Member, ...]]:
    """The members of each row, ordered by the first record of the row.

    A row is one model (name, weights, dtype) with one list of defenses (names, parameters,
    revisions) and one set of conditions (:data:`robustbert.reports.conditions.ROW_CONDITIONS`). An
    adaptive attack makes a row of its own.
    Models that differ only in their training seed, and hence in their weights, are replicates and
    share a row.

    Args:
        records: of one dataset, split and track, with at most one record per cell.
    """
    setups: dict[str, list[Record]] = {}
    for record in records:
        setups.setdefault(_setup(record), []).append(record)
    rows = [row for same_setup in setups.values() for row in _split(same_setup)]
    position = {id(record): index for index, record in enumerate(records)}
    return sorted(rows, key=lambda members: min(position[id(member.first)] for member in members))


def _setup(record: Record) -> str:
    """The key of a row, without the weights and the training seed.

    The number of parameters is left out as well: that of a random forest depends on its seed.
    """
    model = record.model.model_dump(exclude={"sha256", "num_parameters"})
    defenses = [defense.model_dump() for defense in record.defenses]
    protocol = record.protocol
    # records of earlier versions do not say that their attack was not adaptive
    adaptive = [bool(protocol.adaptive), protocol.adaptive_votes]
    return canonical([model, defenses, adaptive, *row_condition_values(record)])


def _split(same_setup: Sequence[Record]) -> list[tuple[Member, ...]]:
    """Split the records of one setup into one row of replicates, or one row per model."""
    models: dict[tuple[int | None, str], list[Record]] = {}
    for record in same_setup:
        models.setdefault((record.training_seed, record.model.sha256), []).append(record)
    members = [
        Member(seed, sha256, {record.recipe.name: record for record in cells})
        for (seed, sha256), cells in models.items()
    ]
    if are_replicates(members):
        return [tuple(sorted(members, key=lambda member: member.training_seed or 0))]
    return [(member,) for member in members]


def are_replicates(members: Sequence[Member]) -> bool:
    """Whether members of one setup differ only in their training seed.

    Each member needs a known and distinct training seed. Records of schema version 1 do not store
    the training settings; they must also come from the same suite, which defines them.
    """
    seeds = [member.training_seed for member in members]
    if None in seeds or len(set(seeds)) < len(seeds):
        return False
    records = [record for member in members for record in member.records.values()]
    unknown_training = any(record.model.training is None for record in records)
    if unknown_training and len({record.suite for record in records}) > 1:
        return False
    conditions: dict[str, set[str]] = {}
    for record in records:
        values = canonical(recipe_condition_values(record))
        conditions.setdefault(record.recipe.name, set()).add(values)
    return all(len(values) == 1 for values in conditions.values())
