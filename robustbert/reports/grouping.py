"""Which records make a row: those of one model, or of the replicates of one model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from robustbert.records import Record
from robustbert.reports.conditions import canonical, recipe_conditions, row_conditions


@dataclass(frozen=True)
class Member:
    """One model of a row.

    Args:
        training_seed: None for a model that came trained, or where it is not known.
        sha256: of its weights.
        records: by the names of their recipes.
    """

    training_seed: int | None
    sha256: str
    records: Mapping[str, Record]

    @property
    def first(self) -> Record:
        """The first of its records; all of them have the same model and the same conditions."""
        return next(iter(self.records.values()))


def rows_of(records: Sequence[Record]) -> list[tuple[Member, ...]]:
    """The members of each row, rows in the order in which their first record came.

    A row is one model (name, weights, dtype) under one list of defenses (names, parameters,
    revisions) and one set of conditions (:data:`robustbert.reports.conditions.OF_A_ROW`). Models
    that differ from one another in their training seed, and so in their weights, alone are
    replicates and share a row.

    Args:
        records: of one dataset, split and track, with at most one for each cell.
    """
    setups: dict[str, list[Record]] = {}
    for record in records:
        setups.setdefault(_setup(record), []).append(record)
    rows = [row for alike in setups.values() for row in _split(alike)]
    place = {id(record): place for place, record in enumerate(records)}
    return sorted(rows, key=lambda members: min(place[id(member.first)] for member in members))


def _setup(record: Record) -> str:
    """Everything that makes a row, but for weights and training seed.

    The number of parameters follows from the weights: a forest's depends on its seed.
    """
    model = record.model.model_dump(exclude={"sha256", "num_parameters"})
    defenses = [defense.model_dump() for defense in record.defenses]
    return canonical([model, defenses, *row_conditions(record)])


def _split(alike: Sequence[Record]) -> list[tuple[Member, ...]]:
    """Rows of records of one setup: one row of replicates, or a row for each model."""
    models: dict[tuple[int | None, str], list[Record]] = {}
    for record in alike:
        models.setdefault((record.training_seed, record.model.sha256), []).append(record)
    members = [
        Member(seed, sha256, {record.recipe.name: record for record in cells})
        for (seed, sha256), cells in models.items()
    ]
    if are_replicates(members):
        return [tuple(sorted(members, key=lambda member: member.training_seed or 0))]
    return [(member,) for member in members]


def are_replicates(members: Sequence[Member]) -> bool:
    """Whether members of one setup differ in nothing but the seed of their training.

    Each needs a known training seed of its own. Records of schema version 1 do not hold how a model
    was trained, so their suites, which say it, have to be the same too.
    """
    seeds = [member.training_seed for member in members]
    if None in seeds or len(set(seeds)) < len(seeds):
        return False
    records = [record for member in members for record in member.records.values()]
    if len({record.suite for record in records}) > 1:
        return False
    cells: dict[str, set[str]] = {}
    for record in records:
        cells.setdefault(record.recipe.name, set()).add(canonical(recipe_conditions(record)))
    return all(len(found) == 1 for found in cells.values())
