"""A hash of an object's class and state that is the same in every process."""

from __future__ import annotations

import hashlib
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np

#: Attributes that hold an address: scikit-learn's vectorizers remember which stop words they
#: checked.
ADDRESSES = frozenset({"_stop_words_id"})


def object_sha256(value: Any) -> str:
    """The SHA-256 of a value: its classes and everything that pickle would store.

    Unlike a hash of the pickle, it depends neither on the order of sets, nor on which parts are one
    object and which are equal copies, nor on memory that an array does not use. Functions count by
    their name.

    >>> object_sha256({"a": {1, 2}, "b": None}) == object_sha256({"b": None, "a": {2, 1}})
    True

    Raises:
        TypeError: a part cannot be stored, such as a lambda.
        Exception: whatever a part raises when it is asked for its state.
    """
    return _Hasher().digest(value).hex()


class _Hasher:
    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, bytes]] = {}  # holds the objects, so that ids stay unique

    def digest(self, value: Any) -> bytes:
        """The SHA-256 of a value."""
        if type(value) in (type(None), bool, int, float, complex, str, bytes):
            return _sha256(type(value).__name__, repr(value))
        key = id(value)
        if key not in self._known:
            self._known[key] = value, _sha256("cycle")  # for parts that refer to it
            self._known[key] = value, self._compute(value)
        return self._known[key][1]

    def _compute(self, value: Any) -> bytes:
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        if isinstance(value, (type, FunctionType, BuiltinFunctionType)):
            return _sha256("name", _importable_name(value))
        if isinstance(value, np.dtype):
            return _sha256(kind, str(value))
        if isinstance(value, np.ndarray):
            return self._array(kind, value)
        if isinstance(value, (set, frozenset)):
            return _sha256(kind, *sorted(map(self.digest, value)))
        if type(value) in (list, tuple):
            return _sha256(kind, *map(self.digest, value))
        if type(value) is dict:
            return _sha256(kind, *self._items(value))
        return _sha256(kind, *self._reduced(value))

    def _array(self, kind: str, array: np.ndarray) -> bytes:
        header = f"{array.dtype} {array.shape}"
        if array.dtype.names:  # field by field: the bytes between fields are not initialized
            return _sha256(kind, header, *(self.digest(array[name]) for name in array.dtype.names))
        if array.dtype.hasobject:
            return _sha256(kind, header, self.digest(array.ravel().tolist()))
        return _sha256(kind, header, np.ascontiguousarray(array).tobytes())

    def _items(self, mapping: dict[Any, Any]) -> list[bytes]:
        kept = ((key, value) for key, value in mapping.items() if key not in ADDRESSES)
        return sorted(self.digest(key) + self.digest(value) for key, value in kept)

    def _reduced(self, value: Any) -> list[bytes]:
        """The digests of what pickle would store."""
        reduced = value.__reduce_ex__(4)
        if isinstance(reduced, str):
            return [_sha256("name", reduced)]
        make, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
        return [
            self.digest(make),
            self.digest(arguments),
            self.digest(state),
            self.digest(None if items is None else list(items)),
            self.digest(None if pairs is None else list(pairs)),
        ]


def _importable_name(value: Any) -> str:
    name = f"{value.__module__}.{value.__qualname__}"
    if "<" in name:
        raise TypeError(f"{name} has no importable name")
    return name


def _sha256(*parts: str | bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.digest()
