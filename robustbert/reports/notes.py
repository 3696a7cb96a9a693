"""What stands under a table: everything that its numbers do not say by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from robustbert.records import Counts, Outcome, Record, defense_names, record_name
from robustbert.records.names import replicate_seed

_MOST_PLACES = 6
#: Stands behind a row whose outcomes may depend on the batch.
MARK = "†"

RowKey: TypeAlias = tuple[str, str | None]

# One line a count that a reader must see when it is not zero: the count, and what it means.
_COUNTS: tuple[tuple[Callable[[Counts], int], str], ...] = (
    (lambda counts: counts.error, "errors (neither robust nor broken, but among all)"),
    (lambda counts: counts.exhausted, "exhausted the query budget (counted as robust)"),
    (lambda counts: counts.retracted, "retracted by the check (counted as robust)"),
    (lambda counts: counts.truncated, "clean texts cut to what the model reads"),
)


def row_key(record: Record) -> RowKey:
    """The row that a record belongs to: its model and its defenses.

    Replicates and models of one name are rows of their own: the model's name then says which.
    """
    name, variant = record.model.name, record.model.variant
    seed = replicate_seed(record.training_seed, record.protocol.seed)
    told_apart = [f"v{variant}"] * (variant is not None) + [f"seed {seed}"] * (seed is not None)
    return " ".join([name, *told_apart]), defense_names(record.defenses)


def row_label(model: str, defense: str | None) -> str:
    """The model's name and, after a plus sign, its defense."""
    return f"{model} + {defense}" if defense else model


def group_notes(
    records: Sequence[Record],
    row_sizes: Mapping[RowKey, int],
    outcomes: Mapping[str, Sequence[Outcome]],
) -> tuple[str, ...]:
    """The notes of one dataset and track.

    Args:
        records: of that group.
        row_sizes: the number of examples that most recipes of a row ran on, by its key.
        outcomes: of the records that have them, by their names.
    """
    notes = [
        *_left_out(records, row_sizes),
        *_not_run(records),
        *_no_outcomes(records, outcomes),
        *_different_examples(records),
        *_mixed_profiles(records),
        *_not_verified(records),
    ]
    notes += [
        f"{meaning}: {_places(found)}"
        for count, meaning in _COUNTS
        if (found := [f"{_place(r)} {count(r.counts)}" for r in records if count(r.counts)])
    ]
    return tuple(notes)


def _left_out(records: Sequence[Record], row_sizes: Mapping[RowKey, int]) -> Iterable[str]:
    found = [
        f"{_place(record)} (n={record.protocol.n})"
        for record in records
        if record.protocol.n != row_sizes[row_key(record)]
    ]
    if found:
        yield (
            "run on another number of examples, so left out of worst case, queries and words "
            f"changed: {_places(found)}"
        )


def _not_run(records: Sequence[Record]) -> Iterable[str]:
    recipes = dict.fromkeys(record.recipe.name for record in records)
    rows = dict.fromkeys(row_key(record) for record in records)
    run = {(row_key(record), record.recipe.name) for record in records}
    found = [
        f"{row_label(*row)} / {recipe}"
        for row in rows
        for recipe in recipes
        if (row, recipe) not in run
    ]
    if found:
        yield f"not run (a worst case is over the recipes that were): {_places(found)}"


def _no_outcomes(
    records: Sequence[Record], outcomes: Mapping[str, Sequence[Outcome]]
) -> Iterable[str]:
    found = [_place(record) for record in records if record_name(record) not in outcomes]
    if found:
        yield f"no outcomes at hand, so worst case and words changed are n/a: {_places(found)}"


def _different_examples(records: Sequence[Record]) -> Iterable[str]:
    draws: dict[int, set[tuple[str, int]]] = {}
    for record in records:
        draws.setdefault(record.protocol.n, set()).add(
            (record.dataset.sha256, record.protocol.seed)
        )
    if any(len(drawn) > 1 for drawn in draws.values()):
        yield "not all cells ran on the same examples (data or seed differ): do not compare them"


def _mixed_profiles(records: Sequence[Record]) -> Iterable[str]:
    profiles: dict[str, list[str]] = {}
    for record in records:
        profiles.setdefault(record.assets.profile, []).append(_place(record))
    if len(profiles) > 1:
        parts = [f"{profile}: {_places(places)}" for profile, places in profiles.items()]
        yield f"assets of different profiles, whose attacks differ: {'; '.join(parts)}"


def _not_verified(records: Sequence[Record]) -> Iterable[str]:
    found = [
        f"{_place(record)} ({found.differing} of "
        f"{found.answers_checked + found.encodings_checked} answers differed when asked alone)"
        if found.differing
        else _place(record)
        for record in records
        if (found := record.environment.batch_invariance) and found.status != "verified"
    ]
    if found:
        yield f"{MARK} batch invariance not verified, so outcomes may not repeat: {_places(found)}"


def _place(record: Record) -> str:
    return f"{row_label(*row_key(record))} / {record.recipe.name}"


def _places(found: Sequence[str]) -> str:
    more = f" and {len(found) - _MOST_PLACES} more" if len(found) > _MOST_PLACES else ""
    return ", ".join(found[:_MOST_PLACES]) + more
