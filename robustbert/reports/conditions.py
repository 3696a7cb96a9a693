"""Conditions that must match for the rows of a table to be comparable."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from robustbert.records import Record

_SHORT_HASH_LENGTH = 6  # hex digits
# Each kind of processor builds them with other last bits.
_WORD_VECTORS = "word-vectors"
_Value = TypeVar("_Value", bound=Hashable)


def canonical(value: Any) -> str:
    """JSON with sorted keys; equal if and only if the values are equal, including their types."""
    return json.dumps(value, sort_keys=True)


def _equal(value: Any, other: Any) -> bool:
    return canonical(value) == canonical(other)


@dataclass(frozen=True)
class Condition:
    """One value that must be the same in all compared records.

    Args:
        value: reads the value from a record; the result is serializable as JSON.
        difference: describes a value that differs from the most common one, given both.
        same: whether two values count as the same; by default, if they are equal.
    """

    value: Callable[[Record], Any]
    difference: Callable[[Any, Any], str]
    same: Callable[[Any, Any], bool] = _equal


def readable(value: Any) -> str:
    """A value for display: text without quotes, anything else as JSON."""
    return value if isinstance(value, str) else canonical(value)


def short_hash(digest: str) -> str:
    """The first digits of a hash."""
    return digest[:_SHORT_HASH_LENGTH]


def most_common(values: Iterable[_Value]) -> _Value:
    """The most frequent value; ties go to the value that occurs first."""
    return Counter(values).most_common(1)[0][0]


def limits_of(record: Record) -> dict[str, Any]:
    """The limits of the track, including the query budget."""
    return {**record.protocol.limits, "query_budget": record.protocol.query_budget}


def _hash_difference(name: str) -> Callable[[Any, Any], str]:
    return lambda value, other: f"{name} {short_hash(value)} instead of {short_hash(other)}"


def value_difference(name: str) -> Callable[[Any, Any], str]:
    """A function that describes a value, given it and the other one; None is unknown."""

    def difference(value: Any, other: Any) -> str:
        shown = ["unknown" if one is None else str(one) for one in (value, other)]
        return f"{name} {shown[0]} instead of {shown[1]}"

    return difference


def _dict_difference(name: str, show: Callable[[Any], str]) -> Callable[[Any, Any], str]:
    def shown(values: Mapping[str, Any], key: str) -> str:
        return show(values[key]) if key in values else "not set"

    def difference(value: Any, other: Any) -> str:
        keys = [
            key
            for key in sorted({*value, *other})
            if key not in value
            or key not in other
            or canonical(value[key]) != canonical(other[key])
        ]
        return ", ".join(
            f"{name} {key} {shown(value, key)} instead of {shown(other, key)}" for key in keys
        )

    return difference


def _asset_condition(chosen: Callable[[str], bool]) -> Condition:
    """A condition on the hashes of the assets with chosen names.

    All cells of a recipe read the assets of the recipe. A cell with defenses can have more assets,
    which its defenses read at inference; they are no difference.
    """
    describe = _dict_difference("hash of asset", short_hash)

    def value(record: Record) -> dict[str, Any]:
        hashes = {name: digest for name, digest in record.assets.hashes.items() if chosen(name)}
        return {"hashes": hashes, "defended": bool(record.defenses)}

    def differing(one: Any, other: Any) -> list[str]:
        a, b = one["hashes"], other["hashes"]
        return [
            name
            for name in {**a, **b}
            if (a[name] != b[name] if name in a and name in b else not _has_more(one, other, name))
        ]

    def difference(one: Any, other: Any) -> str:
        names = differing(one, other)
        parts = ({k: v for k, v in side["hashes"].items() if k in names} for side in (one, other))
        return describe(*parts)

    return Condition(value, difference, lambda one, other: not differing(one, other))


def _has_more(one: Any, other: Any, name: str) -> bool:
    """Whether the only one of two cells that has an asset has defenses."""
    return bool((one if name in one["hashes"] else other)["defended"])


def length_class_of(record: Record) -> str | None:
    """The length class of the texts ("short" or "long"), on which the limits depend.

    None if the track has no limits, or if the class is unknown.
    """
    return record.dataset.length if record.protocol.limits else None


DATASET_HASH = Condition(lambda record: record.dataset.sha256, _hash_difference("dataset hash"))
EXAMPLE_SEED = Condition(lambda record: record.protocol.seed, value_difference("example seed"))
LIMITS = Condition(limits_of, _dict_difference("limit", readable))
LENGTH_CLASS = Condition(length_class_of, value_difference("text length class"))
ASSETS_PROFILE = Condition(lambda record: record.assets.profile, value_difference("assets profile"))
PROTOCOL_REVISION = Condition(
    lambda record: record.protocol.revision, value_difference("protocol revision")
)
TEXTATTACK = Condition(
    lambda record: record.recipe.textattack_version, value_difference("TextAttack")
)
RECIPE_PARAMS = Condition(
    lambda record: record.recipe.params, _dict_difference("parameter", readable)
)
ASSET_HASHES = _asset_condition(lambda name: True)
#: The word vectors alone: rows in which nothing else differs can be compared with a caveat.
WORD_VECTORS = _asset_condition(lambda name: name == _WORD_VECTORS)
_OTHER_ASSETS = _asset_condition(lambda name: name != _WORD_VECTORS)

#: Equal in all records of a row; records with a different value form a separate row.
ROW_CONDITIONS = (
    DATASET_HASH,
    EXAMPLE_SEED,
    LIMITS,
    LENGTH_CLASS,
    ASSETS_PROFILE,
    PROTOCOL_REVISION,
)

#: Compared between records of the same recipe; different recipes may have different values.
RECIPE_CONDITIONS = (TEXTATTACK, RECIPE_PARAMS, ASSET_HASHES)

#: Those of :data:`RECIPE_CONDITIONS` without which rows cannot be compared.
COMPARED_RECIPE_CONDITIONS = (TEXTATTACK, RECIPE_PARAMS, _OTHER_ASSETS)


def row_condition_values(record: Record) -> list[Any]:
    """The values of :data:`ROW_CONDITIONS`."""
    return [condition.value(record) for condition in ROW_CONDITIONS]


def recipe_condition_values(record: Record) -> list[Any]:
    """The values that replicates must share for a recipe, including the number of examples."""
    return [record.protocol.n, *(condition.value(record) for condition in RECIPE_CONDITIONS)]


def row_differences(records: Sequence[Record]) -> list[list[str]]:
    """Describe how each row differs from the majority, given one record per row."""
    return differences(records, ROW_CONDITIONS, records)


def recipe_differences(records: Sequence[Record]) -> list[list[str]]:
    """Describe how each record of one recipe differs from the majority."""
    return differences(records, RECIPE_CONDITIONS, records)


def differences(
    records: Sequence[Record], conditions: Sequence[Condition], reference: Sequence[Record]
) -> list[list[str]]:
    """Describe how each record differs from most of the records in ``reference``."""
    found: list[list[str]] = [[] for _ in records]
    for condition in conditions:
        majority = _majority(condition, reference)
        for messages, value in zip(found, map(condition.value, records), strict=True):
            if not condition.same(value, majority):
                messages.append(condition.difference(value, majority))
    return found


def _majority(condition: Condition, records: Sequence[Record]) -> Any:
    """The value that most records have, or one that counts as the same; of several, the first."""
    times = Counter(canonical(condition.value(record)) for record in records)
    values = [(json.loads(text), count) for text, count in times.items()]
    same = [sum(n for other, n in values if condition.same(other, one)) for one, _ in values]
    return values[same.index(max(same))][0]
