"""The numbers of a table in long form: one line per metric of a cell, for CSV and pandas."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from robustbert.records import Counts, Metric, Record, defense_names
from robustbert.reports.conditions import limits_of
from robustbert.reports.marks import batch_invariance
from robustbert.reports.table_groups import Group, Groups
from robustbert.reports.table_rows import Replicate, Row

Unit: TypeAlias = Literal["proportion", "examples", "queries", "words", "similarity", "rank"]

# Metrics of a record that are means: the unit, and the number of examples of the mean. None if the
# record does not contain that number.
_MEANS: dict[str, tuple[Unit, Callable[[Counts], int | None]]] = {
    "queries_mean": ("queries", lambda counts: counts.attacked),
    "queries_mean_broken": ("queries", lambda counts: counts.broken),
    "textattack_queries_mean": ("queries", lambda counts: None),
    "words_changed_mean": ("words", lambda counts: counts.broken),
    "similarity_mean": ("similarity", lambda counts: None),
}
_PROPORTIONS = ("clean_accuracy", "accuracy_under_attack", "attack_success_rate")
_COUNTS = ("skipped", "robust", "broken", "exhausted", "error", "retracted", "truncated")


@dataclass(frozen=True)
class Line:
    """One metric of one cell, or of all core recipes of one model, with its provenance.

    The fields are the columns of ``table.csv`` in their order; ``docs/records.md`` describes them.
    A value that does not exist is None, never 0.
    """

    dataset: str
    split: str
    track: str
    label: str
    model: str
    model_sha256: str
    dtype: str
    max_length: int | None
    defense: str
    defense_params: str
    adaptive: str
    training_seed: int | None
    recipe: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    unit: Unit
    failed_checks: str
    batch_invariance: str | None
    differences: str
    dataset_sha256: str
    assets_profile: str
    protocol_revision: int | None
    protocol_seed: int | None
    limits: str
    textattack_version: str
    robustbert_version: str
    created_at: str | None


@dataclass(frozen=True)
class Number:
    """One number, as the columns from ``metric`` to ``unit`` describe it."""

    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    unit: Unit


def table_lines(table: Groups) -> list[Line]:
    """The lines of all groups: first those of each cell, then those over the core recipes.

    Each model of a row with several replicates has lines of its own; there are none of their mean.
    """
    return [
        line
        for group in table.groups
        for row in group.rows
        for replicate in row.replicates
        for line in _replicate_lines(group, row, replicate)
    ]


def _replicate_lines(group: Group, row: Row, replicate: Replicate) -> Iterator[Line]:
    for recipe in group.recipes:
        if recipe in replicate.records:
            record = replicate.records[recipe]
            numbers = _cell_numbers(replicate, record)
            yield from lines_of(row, [replicate], [record], numbers)
    if group.core:
        records = [replicate.records[name] for name in group.core if name in replicate.records]
        numbers = _core_numbers(replicate)
        if records:
            yield from lines_of(row, [replicate], records, numbers, " ".join(group.core))


def _cell_numbers(replicate: Replicate, record: Record) -> Iterator[Number]:
    metrics, counts = record.metrics, record.counts
    for name in _PROPORTIONS:
        yield _proportion(name, getattr(metrics, name))
    for name, (unit, n) in _MEANS.items():
        yield Number(name, getattr(metrics, name), None, None, n(counts), unit)
    share = replicate.words_changed_shares.get(record.recipe.name)
    yield Number("words_changed_share", share, None, None, counts.broken, "proportion")
    for name in _COUNTS:
        yield Number(name, getattr(counts, name), None, None, counts.total, "examples")


def _core_numbers(replicate: Replicate) -> Iterator[Number]:
    means: list[tuple[str, float | None, Unit]] = [
        ("core_queries_mean", replicate.queries, "queries"),
        ("core_textattack_queries_mean", replicate.textattack_queries, "queries"),
        ("core_words_changed_share", replicate.words_changed, "proportion"),
    ]
    yield _proportion("worst_case_accuracy", replicate.worst_case)
    for name, value, unit in means:
        yield Number(name, value, None, None, None, unit)


def _proportion(name: str, metric: Metric | None) -> Number:
    if metric is None:
        return Number(name, None, None, None, None, "proportion")
    return Number(name, metric.value, metric.low, metric.high, metric.n, "proportion")


def lines_of(
    row: Row,
    replicates: Sequence[Replicate],
    records: Sequence[Record],
    numbers: Iterable[Number],
    recipe: str | None = None,
) -> Iterator[Line]:
    """A line for each number of ``records``, with their provenance.

    Args:
        row: the row of the models.
        replicates: one model; or those of the row, for numbers of the row.
        records: the cells of these models that the numbers are computed from, at least one.
        numbers: the numbers.
        recipe: the value of the column; None for the recipe of the first record.
    """
    first = records[0]
    names = dict.fromkeys(record.recipe.name for record in records)
    failed = [
        check.name for one in replicates for name in names for check in one.failed.get(name, ())
    ]
    shared: dict[str, Any] = {
        "dataset": first.dataset.name,
        "split": first.dataset.split,
        "track": first.track,
        "label": row.label,
        "model": first.model.name,
        "model_sha256": _joined(one.sha256 for one in replicates),
        "dtype": first.model.dtype,
        "max_length": first.model.max_length,
        "defense": defense_names(first.defenses) or "none",
        "defense_params": json.dumps([one.model_dump() for one in first.defenses], sort_keys=True),
        "adaptive": "yes" if first.protocol.adaptive else "no",
        "training_seed": replicates[0].training_seed if len(replicates) == 1 else None,
        "recipe": recipe or first.recipe.name,
        "failed_checks": _joined(failed),
        "batch_invariance": batch_invariance(records),
        "differences": "; ".join(row.all_differences),
        "dataset_sha256": first.dataset.sha256,
        "assets_profile": first.assets.profile,
        "protocol_revision": first.protocol.revision,
        "protocol_seed": first.protocol.seed,
        "limits": json.dumps(limits_of(first), sort_keys=True),
        "textattack_version": _joined(record.recipe.textattack_version for record in records),
        "robustbert_version": _joined(record.robustbert_version for record in records),
        "created_at": max((r.created_at for r in records if r.created_at), default=None),
    }
    for number in numbers:
        yield Line(**shared, **vars(number))


def _joined(values: Iterable[str | None]) -> str:
    """The distinct values that are known, separated by spaces."""
    return " ".join(dict.fromkeys(filter(None, values)))
