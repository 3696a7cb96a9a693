"""The conditions that rows of one table have to share before their numbers may be compared."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from robustbert.records import Record

_SHORT = 6  # hex digits of a hash that is shown
_Value = TypeVar("_Value", bound=Hashable)


@dataclass(frozen=True)
class Condition:
    """One thing that has to be the same.

    Args:
        value: reads it from a record: anything that JSON can hold.
        difference: says in words how a value differs from the usual one.
    """

    value: Callable[[Record], Any]
    difference: Callable[[Any, Any], str]


def canonical(value: Any) -> str:
    """JSON with sorted keys: equal exactly where the values are, in their types too."""
    return json.dumps(value, sort_keys=True)


def plain(value: Any) -> str:
    """A value as a person writes it: text without quotes, anything else as in JSON."""
    return value if isinstance(value, str) else canonical(value)


def short_hash(digest: str) -> str:
    """The first digits of a hash."""
    return digest[:_SHORT]


def usual(values: Iterable[_Value]) -> _Value:
    """The most frequent of the values; of equally frequent ones the first."""
    return Counter(values).most_common(1)[0][0]


def limits_of(record: Record) -> dict[str, Any]:
    """The limits of the track, the query budget among them."""
    return {**record.protocol.limits, "query_budget": record.protocol.query_budget}


def _hash_difference(what: str) -> Callable[[Any, Any], str]:
    return lambda value, other: f"{what} {short_hash(value)} instead of {short_hash(other)}"


def _plain_difference(what: str) -> Callable[[Any, Any], str]:
    def difference(value: Any, other: Any) -> str:
        shown = ["not known" if one is None else str(one) for one in (value, other)]
        return f"{what} {shown[0]} instead of {shown[1]}"

    return difference


def _dict_difference(what: str, show: Callable[[Any], str]) -> Callable[[Any, Any], str]:
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
            f"{what} {key} {shown(value, key)} instead of {shown(other, key)}" for key in keys
        )

    return difference


def length_of(record: Record) -> str | None:
    """Whether limits are those of short or long texts; None where there are none, or not known."""
    return record.dataset.length if record.protocol.limits else None


#: Shared by all records of a row: another value makes another row.
OF_A_ROW = (
    Condition(lambda record: record.dataset.sha256, _hash_difference("data with hash")),
    Condition(lambda record: record.protocol.seed, _plain_difference("examples drawn with seed")),
    Condition(limits_of, _dict_difference("limit", plain)),
    Condition(length_of, _plain_difference("limits for texts of length")),
    Condition(lambda record: record.assets.profile, _plain_difference("assets profile")),
    Condition(lambda record: record.protocol.revision, _plain_difference("protocol revision")),
)

#: Shared by the records of one recipe: recipes may differ in these from one another.
OF_A_RECIPE = (
    Condition(lambda record: record.recipe.textattack_version, _plain_difference("TextAttack")),
    Condition(lambda record: record.recipe.params, _dict_difference("setting", plain)),
    Condition(lambda record: record.assets.hashes, _dict_difference("hash of asset", short_hash)),
)


def row_conditions(record: Record) -> list[Any]:
    """The values of the conditions that make a row."""
    return [condition.value(record) for condition in OF_A_ROW]


def recipe_conditions(record: Record) -> list[Any]:
    """What replicates have to share under one recipe, the number of examples among it."""
    return [record.protocol.n, *(condition.value(record) for condition in OF_A_RECIPE)]


def row_differences(records: Sequence[Record]) -> list[list[str]]:
    """How each row differs from most rows, given one record of each."""
    return _differences(records, OF_A_ROW)


def recipe_differences(records: Sequence[Record]) -> list[list[str]]:
    """How each record of one recipe differs from most of them."""
    return _differences(records, OF_A_RECIPE)


def _differences(records: Sequence[Record], conditions: Sequence[Condition]) -> list[list[str]]:
    found: list[list[str]] = [[] for _ in records]
    for condition in conditions:
        values = [condition.value(record) for record in records]
        most = usual(map(canonical, values))
        for place, value in enumerate(values):
            if canonical(value) != most:
                found[place].append(condition.difference(value, json.loads(most)))
    return found
