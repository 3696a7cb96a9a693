"""The leaderboard: what stands in the table, before anything is drawn.

:func:`leaderboard_table` turns records into groups of rows; :mod:`robustbert.reports.render` writes
them for a terminal, as Markdown and as CSV. Numbers stay numbers until then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from robustbert.errors import InputError
from robustbert.metrics import counts, words_changed_share, worst_case
from robustbert.records import Metric, Outcome, Record, record_name
from robustbert.reports.notes import MARK, RowKey, group_notes, row_key, row_label

Outcomes = Mapping[str, Sequence[Outcome]]


@dataclass(frozen=True)
class Row:
    """A model, with or without a defense, under every recipe of its group.

    The last three pool the recipes run on ``n`` examples; a recipe run on another number of them
    would weigh differently, and is left out.

    Args:
        model: its name, and what tells it apart from others of that name.
        defense: the names of its defenses; None for an undefended model.
        n: the number of examples that most of its recipes ran on.
        clean: clean accuracy on those.
        recipes: accuracy under each recipe, in the group's order; None where it was not run.
        worst_case: None where an outcome file is missing.
        queries: mean victim queries of an attacked example.
        words_changed: share of the words of the broken texts, 0 to 1.
        batch_invariance: ``not verified`` if any record says so; None if some record predates the
            check; else ``verified``.
    """

    model: str
    defense: str | None
    n: int
    clean: Metric
    recipes: tuple[Metric | None, ...]
    worst_case: Metric | None
    queries: float | None
    words_changed: float | None
    batch_invariance: str | None

    @property
    def label(self) -> str:
        """The model's name and, after a plus sign, its defense; a mark if not verified."""
        label = row_label(self.model, self.defense)
        return f"{label} {MARK}" if self.batch_invariance == "not verified" else label


@dataclass(frozen=True)
class Group:
    """The rows of one dataset and track.

    Args:
        dataset: its name.
        split: which part of it.
        track: the threat model.
        n: the number of examples that most rows ran on.
        recipes: the columns.
        rows: in the order their first record came.
        notes: what a reader has to know to read the numbers rightly, a sentence each.
    """

    dataset: str
    split: str
    track: str
    n: int
    recipes: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Groups of rows, in the order their first record came."""

    groups: tuple[Group, ...]


def leaderboard_table(
    records: Sequence[Record], outcomes_by_record: Outcomes | None = None
) -> Table:
    """Lay out records: a group a dataset and track, a row a model and defense, a column a recipe.

    Args:
        records: in the order that rows and columns shall have.
        outcomes_by_record: the outcomes of each record by :func:`robustbert.records.record_name`;
            without them the worst case and the words changed are not known.

    Raises:
        InputError: two records of one cell, or outcomes that are not those of their record.
    """
    outcomes_by_record = outcomes_by_record or {}
    _check(records, outcomes_by_record)
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in records:
        key = (record.dataset.name, record.dataset.split, record.track)
        groups.setdefault(key, []).append(record)
    return Table(tuple(_group(group, outcomes_by_record) for group in groups.values()))


def _check(records: Sequence[Record], outcomes: Outcomes) -> None:
    for name, times in Counter(record_name(record) for record in records).items():
        if times > 1:
            raise InputError(f"{times} records of the cell {name}; give one record a cell")
    for record in records:
        name = record_name(record)
        if name in outcomes and counts(outcomes[name], record.counts.truncated) != record.counts:
            raise InputError(f"{name}: the outcomes are not its own; run the cell again")


def _group(records: Sequence[Record], outcomes: Outcomes) -> Group:
    first = records[0]
    recipes = tuple(dict.fromkeys(record.recipe.name for record in records))
    by_row: dict[RowKey, list[Record]] = {}
    for record in records:
        by_row.setdefault(row_key(record), []).append(record)
    rows = tuple(_row(row, recipes, outcomes) for row in by_row.values())
    return Group(
        dataset=first.dataset.name,
        split=first.dataset.split,
        track=first.track,
        n=_usual([row.n for row in rows]),
        recipes=recipes,
        rows=rows,
        notes=group_notes(records, {(row.model, row.defense): row.n for row in rows}, outcomes),
    )


def _row(records: Sequence[Record], recipes: tuple[str, ...], outcomes: Outcomes) -> Row:
    n = _usual([record.protocol.n for record in records])
    pooled = [record for record in records if record.protocol.n == n]
    runs = [outcomes[name] for record in pooled if (name := record_name(record)) in outcomes]
    complete = len(runs) == len(pooled)
    by_recipe = {record.recipe.name: record.metrics.accuracy_under_attack for record in records}
    first = pooled[0]
    model, defense = row_key(first)
    return Row(
        model=model,
        defense=defense,
        n=n,
        clean=first.metrics.clean_accuracy,
        recipes=tuple(by_recipe.get(recipe) for recipe in recipes),
        worst_case=worst_case(runs) if complete and _share_examples(runs) else None,
        queries=_pooled_queries(pooled),
        words_changed=words_changed_share([o for run in runs for o in run]) if complete else None,
        batch_invariance=_batch_invariance(records),
    )


def _batch_invariance(records: Sequence[Record]) -> str | None:
    found = [record.environment.batch_invariance for record in records]
    statuses = {one.status if one else None for one in found}
    if "not verified" in statuses:
        return "not verified"
    return None if None in statuses else "verified"


def _share_examples(runs: Sequence[Sequence[Outcome]]) -> bool:
    return bool(set.intersection(*({outcome.example_id for outcome in run} for run in runs)))


def _pooled_queries(records: Sequence[Record]) -> float | None:
    attacked = sum(record.counts.attacked for record in records)
    queries = sum((r.metrics.queries_mean or 0.0) * r.counts.attacked for r in records)
    return queries / attacked if attacked else None


def _usual(numbers: Sequence[int]) -> int:
    """The most frequent of them, and of equally frequent ones the largest."""
    times = Counter(numbers)
    return max(times, key=lambda number: (times[number], number))
