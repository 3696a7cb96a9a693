"""What rows are called: models of one name get the shortest thing that tells them apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from robustbert.records import DefenseRef, Record, defense_names
from robustbert.records.names import replicate_seed
from robustbert.reports.conditions import canonical, limits_of, plain, short_hash
from robustbert.reports.escape import printable
from robustbert.reports.grouping import Member

_Row = tuple[Member, ...]


def plain_label(row: _Row) -> str:
    """The model's name and, after a plus sign each, its defenses."""
    return _named(row[0].first.model.name, row[0].first)


def record_label(record: Record) -> str:
    """What a single record is called: as its row, with what its file name tells it apart by."""
    name, variant = record.model.name, record.model.variant
    seed = replicate_seed(record.training_seed, record.protocol.seed)
    apart = [f"v{variant}"] * (variant is not None) + [f"seed {seed}"] * (seed is not None)
    return _named(" ".join([name, *apart]), record)


def _named(model: str, record: Record) -> str:
    defenses = defense_names(record.defenses)
    return f"{model} + {defenses}" if defenses else model


def told_apart(rows: Sequence[_Row]) -> list[str]:
    """For each row what tells it apart from others of its label; empty where there are none.

    It is the first of these that differs between all rows of a label: the parameters of the
    defenses, the weights' hash, the dtype, and so on. If no single one does, several stand there.
    """
    apart = [""] * len(rows)
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(_shown(plain_label(row)), []).append(place)
    for alike in places.values():
        if len(alike) > 1:
            texts = _distinct_texts([rows[place] for place in alike])
            for place, text in zip(alike, texts, strict=True):
                apart[place] = text
    return apart


def _distinct_texts(rows: Sequence[_Row]) -> list[str]:
    columns = [[_shown(text) for text in attribute(rows)] for attribute in _ATTRIBUTES]
    for texts in columns:
        if len(set(texts)) == len(rows):
            return texts
    chosen: list[list[str]] = []
    for texts in columns:
        if _kinds([*chosen, texts]) > _kinds(chosen):
            chosen.append(texts)
    joined = [", ".join(filter(None, parts)) for parts in zip(*chosen, strict=True)]
    if len(set(joined)) == len(rows):
        return joined
    return [f"number {number}" for number in range(1, len(rows) + 1)]


def _kinds(columns: Sequence[Sequence[str]]) -> int:
    return len(set(zip(*columns, strict=True))) if columns else 1


def _shown(text: str) -> str:
    """The text as a reader sees it: two that look the same are the same."""
    return " ".join(printable(text).split())


def _parameters(rows: Sequence[_Row]) -> list[str]:
    return _differing([_defense_parameters(row[0].first.defenses) for row in rows])


def _defense_parameters(defenses: Sequence[DefenseRef]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for place, defense in enumerate(defenses, start=1):
        prefix = f"{place}.{defense.name}." if len(defenses) > 1 else ""
        found |= {f"{prefix}{name}": value for name, value in defense.params.items()}
        found[f"{prefix}revision"] = defense.revision
    return found


def _weights(rows: Sequence[_Row]) -> list[str]:
    """Hashes, with as many digits as tell the rows apart; of replicates the first one's."""
    hashes = [row[0].sha256 for row in rows]
    lengths = range(len(short_hash(hashes[0])), len(hashes[0]) + 1)
    enough = (n for n in lengths if len({h[:n] for h in hashes}) == len(set(hashes)))
    length = next(enough)
    more = [f" and {len(row) - 1} more" if len(row) > 1 else "" for row in rows]
    return [digest[:length] + others for digest, others in zip(hashes, more, strict=True)]


def _limits(rows: Sequence[_Row]) -> list[str]:
    return _differing([limits_of(row[0].first) for row in rows])


def _differing(dicts: Sequence[Mapping[str, Any]]) -> list[str]:
    """``name=value`` for each name whose value is not the same everywhere."""
    names = dict.fromkeys(name for one in dicts for name in one)
    kept = [
        name
        for name in names
        if len({canonical(one[name]) if name in one else "" for one in dicts}) > 1
    ]
    return [
        ", ".join(f"{name}={plain(one[name])}" if name in one else f"no {name}" for name in kept)
        for one in dicts
    ]


def _each(text: Callable[[Record], str]) -> Callable[[Sequence[_Row]], list[str]]:
    return lambda rows: [text(row[0].first) for row in rows]


def _seeds(rows: Sequence[_Row]) -> list[str]:
    seeds = [[member.training_seed for member in row] for row in rows]
    return [
        "training seed " + " ".join("not known" if seed is None else str(seed) for seed in of_row)
        for of_row in seeds
    ]


_ATTRIBUTES: tuple[Callable[[Sequence[_Row]], list[str]], ...] = (
    _parameters,
    _weights,
    _each(lambda record: record.model.dtype),
    _each(lambda record: f"reads {record.model.max_length or 'all'} tokens"),
    _seeds,
    _each(lambda record: f"v{record.model.variant}" if record.model.variant else "no variant"),
    _limits,
    _each(lambda record: f"{record.assets.profile} assets"),
    _each(lambda record: f"protocol revision {record.protocol.revision or 'not known'}"),
    _each(lambda record: f"examples of seed {record.protocol.seed}"),
    _each(lambda record: f"data {short_hash(record.dataset.sha256)}"),
    _each(lambda record: f"from {record.model.source}"),
    _each(lambda record: f"{len(record.defenses)} defenses"),
    _each(lambda record: f"{record.model.num_parameters} parameters"),
)
