"""Row labels; rows with the same name get the shortest detail that distinguishes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from robustbert.console import printable
from robustbert.records import DefenseRef, Record, defense_names
from robustbert.records.names import replicate_seed
from robustbert.reports.conditions import canonical, limits_of, readable, short_hash
from robustbert.reports.grouping import Member

_Members = tuple[Member, ...]


def row_name(row: _Members) -> str:
    """The names of the model and its defenses, joined by " + ", and whether attacks know these."""
    return _with_defenses(row[0].first.model.name, row[0].first)


def record_label(record: Record) -> str:
    """Label of a single record: its row name with the variant and seed of its file name."""
    name, variant = record.model.name, record.model.variant
    seed = replicate_seed(record.training_seed, record.protocol.seed)
    parts = [f"v{variant}"] * (variant is not None) + [f"seed {seed}"] * (seed is not None)
    return _with_defenses(" ".join([name, *parts]), record)


def cell_label(record: Record) -> str:
    """Label of a single record in messages: its row, its dataset and its recipe."""
    return f"{record_label(record)} on {record.dataset.name}, {record.recipe.name}"


def _with_defenses(model: str, record: Record) -> str:
    defenses = defense_names(record.defenses)
    name = f"{model} + {defenses}" if defenses else model
    return f"{name} (adaptive)" if record.protocol.adaptive else name


def row_qualifiers(rows: Sequence[_Members]) -> list[str]:
    """The detail that distinguishes each row from rows with the same name, else empty.

    This is the first attribute whose values are distinct for all rows that share a name: parameters
    of the defenses, hash of the weights, dtype, and so on. If no single attribute is sufficient,
    several are joined.
    """
    qualifiers = [""] * len(rows)
    by_name: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        by_name.setdefault(_normalized(row_name(row)), []).append(index)
    for indices in by_name.values():
        if len(indices) > 1:
            texts = _distinct_texts([rows[index] for index in indices])
            for index, text in zip(indices, texts, strict=True):
                qualifiers[index] = text
    return qualifiers


def _distinct_texts(rows: Sequence[_Members]) -> list[str]:
    columns = [[_normalized(text) for text in attribute(rows)] for attribute in _ATTRIBUTES]
    for texts in columns:
        if len(set(texts)) == len(rows):
            return texts
    chosen: list[list[str]] = []
    for texts in columns:
        if _num_distinct([*chosen, texts]) > _num_distinct(chosen):
            chosen.append(texts)
    joined = [", ".join(filter(None, parts)) for parts in zip(*chosen, strict=True)]
    if len(set(joined)) == len(rows):
        return joined
    return [f"#{number}" for number in range(1, len(rows) + 1)]


def _num_distinct(columns: Sequence[Sequence[str]]) -> int:
    return len(set(zip(*columns, strict=True))) if columns else 1


def _normalized(text: str) -> str:
    """Normalize a text so that texts that look identical are equal."""
    return " ".join(printable(text).split())


def _parameters(rows: Sequence[_Members]) -> list[str]:
    return _differing([_defense_parameters(row[0].first.defenses) for row in rows])


def _defense_parameters(defenses: Sequence[DefenseRef]) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for position, defense in enumerate(defenses, start=1):
        prefix = f"{position}.{defense.name}." if len(defenses) > 1 else ""
        parameters |= {f"{prefix}{name}": value for name, value in defense.params.items()}
        parameters[f"{prefix}revision"] = defense.revision
    return parameters


def _weights(rows: Sequence[_Members]) -> list[str]:
    """Hashes of the weights, long enough to be unique; for replicates, the hash of the first."""
    hashes = [row[0].sha256 for row in rows]
    lengths = range(len(short_hash(hashes[0])), len(hashes[0]) + 1)
    length = next(n for n in lengths if len({h[:n] for h in hashes}) == len(set(hashes)))
    more = [f" and {len(row) - 1} more" if len(row) > 1 else "" for row in rows]
    return [digest[:length] + suffix for digest, suffix in zip(hashes, more, strict=True)]


def _limits(rows: Sequence[_Members]) -> list[str]:
    return _differing([limits_of(row[0].first) for row in rows])


def _differing(dicts: Sequence[Mapping[str, Any]]) -> list[str]:
    """``name=value`` for each name whose value is not the same in all dicts."""
    names = dict.fromkeys(name for values in dicts for name in values)
    differing = [
        name
        for name in names
        if len({canonical(values[name]) if name in values else "" for values in dicts}) > 1
    ]
    return [
        ", ".join(
            f"{name}={readable(values[name])}" if name in values else f"no {name}"
            for name in differing
        )
        for values in dicts
    ]


def _from_record(text: Callable[[Record], str]) -> Callable[[Sequence[_Members]], list[str]]:
    return lambda rows: [text(row[0].first) for row in rows]


def _seeds(rows: Sequence[_Members]) -> list[str]:
    seeds = [[member.training_seed for member in row] for row in rows]
    return [
        "training seed " + " ".join("unknown" if seed is None else str(seed) for seed in row_seeds)
        for row_seeds in seeds
    ]


def _variant(record: Record) -> str:
    return f"v{record.model.variant}" if record.model.variant else "no variant"


_ATTRIBUTES: tuple[Callable[[Sequence[_Members]], list[str]], ...] = (
    _parameters,
    _weights,
    _from_record(lambda record: record.model.dtype),
    _from_record(lambda record: f"max_length {record.model.max_length or 'unlimited'}"),
    _seeds,
    _from_record(_variant),
    _limits,
    _from_record(lambda record: f"{record.assets.profile} assets"),
    _from_record(lambda record: f"protocol revision {record.protocol.revision or 'unknown'}"),
    _from_record(lambda record: f"example seed {record.protocol.seed}"),
    _from_record(lambda record: f"dataset {short_hash(record.dataset.sha256)}"),
    _from_record(lambda record: f"from {record.model.source}"),
    _from_record(lambda record: f"{len(record.defenses)} defenses"),
    _from_record(lambda record: f"{record.protocol.adaptive_votes or 'no'} votes"),
    _from_record(lambda record: f"{record.model.num_parameters} parameters"),
)
