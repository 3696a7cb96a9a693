"""Choose the records that a model card describes: those of one model with its defenses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.errors import InputError
from robustbert.records import Record, record_name
from robustbert.reports.conditions import canonical, short_hash
from robustbert.reports.results_table import leaderboard_table
from robustbert.reports.row_labels import record_label
from robustbert.reports.table_groups import Group
from robustbert.reports.table_rows import Outcomes, Replicate, Row
from robustbert.reports.wording import listed

# Rankings are by the unified track, so it comes first.
_TRACK_ORDER = ("unified", "unified-li", "published")


@dataclass(frozen=True)
class CardTable:
    """The results of the model on one dataset, split and track.

    Args:
        group: a group of a table, which has this one row.
    """

    group: Group

    @property
    def row(self) -> Row:
        """The row of the model."""
        return self.group.rows[0]

    @property
    def results(self) -> Replicate:
        """The numbers of the row, which is a single model."""
        return self.row.replicates[0]

    @property
    def first(self) -> Record:
        """The first record; the conditions of a row are those of all its records."""
        return self.records[0]

    @property
    def records(self) -> tuple[Record, ...]:
        """One record per recipe, the core recipes first."""
        return tuple(self.results.records[recipe] for recipe in self.group.recipes)


@dataclass(frozen=True)
class CardRow:
    """One model with its defenses, and all its results.

    Args:
        label: its label, as tables show it.
        tables: at least one.
    """

    label: str
    tables: tuple[CardTable, ...]

    @property
    def first(self) -> Record:
        """The first record; model and defenses are those of all records."""
        return self.tables[0].first

    @property
    def records(self) -> tuple[Record, ...]:
        """All records of the row."""
        return tuple(record for table in self.tables for record in table.records)


def card_row(
    records: Sequence[Record],
    outcomes: Outcomes,
    *,
    place: str,
    row: str | None = None,
    dataset: str | None = None,
) -> CardRow:
    """Choose the row of a model card.

    Args:
        records: those of a run.
        outcomes: keyed by :func:`robustbert.records.record_name`; may be incomplete.
        place: what messages call the run.
        row: the label of the row; None if there is only one.
        dataset: only the results on this dataset; None for all of them.

    Raises:
        InputError: the row or the dataset does not exist or has to be chosen, or the row mixes
            models or conditions; the message lists the choices.
    """
    of_row = _of_row(records, place, row)
    label = record_label(of_row[0])
    chosen = _of_dataset(of_row, label, dataset)
    _check_one_model(chosen, label)
    names = {record_name(record) for record in chosen}
    chosen.sort(key=lambda record: _TRACK_ORDER.index(record.track))
    table = leaderboard_table(chosen, {name: outcomes[name] for name in names & outcomes.keys()})
    for group in table.groups:
        if len(group.rows) > 1:
            raise InputError(
                f"{place}: the records of {label} on {group.dataset} differ in their conditions "
                f"({listed([one.qualifier for one in group.rows])}); put them into separate folders"
            )
    return CardRow(label, tuple(map(CardTable, table.groups)))


def _of_row(records: Sequence[Record], place: str, row: str | None) -> list[Record]:
    labels = list(dict.fromkeys(map(record_label, records)))
    if row is None and len(labels) > 1:
        raise InputError(f"{place} has several rows; choose one with --row: {', '.join(labels)}")
    if row is not None and row not in labels:
        raise InputError(f"{place} has no row {row!r}; it has {listed(labels)}")
    return [record for record in records if row in (None, record_label(record))]


def _of_dataset(records: Sequence[Record], label: str, dataset: str | None) -> list[Record]:
    names = list(dict.fromkeys(record.dataset.name for record in records))
    if dataset is not None and dataset not in names:
        raise InputError(f"{label} has no results on {dataset!r}; it has {listed(names)}")
    return [record for record in records if dataset in (None, record.dataset.name)]


def _check_one_model(records: Sequence[Record], label: str) -> None:
    models = {_identity(record): record.model.sha256 for record in records}
    if len(models) == 1:
        return
    datasets = list(dict.fromkeys(record.dataset.name for record in records))
    if len(datasets) > 1:
        raise InputError(
            f"{label} is a different model on each dataset; choose one with --dataset: "
            f"{', '.join(datasets)}"
        )
    weights = listed([short_hash(digest) for digest in models.values()])
    raise InputError(
        f"the records of {label} are those of {len(models)} models (weights {weights}); put them "
        "into separate folders"
    )


def _identity(record: Record) -> str:
    """Everything about a model and its defenses."""
    defenses = [defense.model_dump() for defense in record.defenses]
    return canonical([record.model.model_dump(), defenses, record.training_seed])
