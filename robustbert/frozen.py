"""An immutable mapping for the fields of frozen dataclasses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class FrozenMapping(Mapping[str, Any]):
    """An immutable mapping that can be hashed and pickled; lists in it become tuples.

    >>> FrozenMapping({"epochs": 2, "recipes": ["pwws"]})
    FrozenMapping({'epochs': 2, 'recipes': ('pwws',)})
    >>> hash(FrozenMapping({"a": 1, "b": 2})) == hash(FrozenMapping({"b": 2, "a": 1}))
    True
    """

    def __init__(self, content: Mapping[str, Any] | None = None) -> None:
        self._content = {key: _frozen(value) for key, value in (content or {}).items()}

    def __getitem__(self, key: str) -> Any:
        return self._content[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)

    def __hash__(self) -> int:
        return hash(frozenset(self._content.items()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._content!r})"


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return FrozenMapping(value)
    if isinstance(value, list | tuple):
        return tuple(map(_frozen, value))
    return value
