"""Settings by name, as a suite file gives them, checked against the dataclass they are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from robustbert.errors import InputError, UnknownNameError


def check_settings(kind: Any, given: Mapping[str, Any], place: str) -> None:
    """Check names and types of ``given`` against the fields of ``kind`` and their defaults.

    Args:
        kind: a dataclass whose fields have defaults, none of them None: a number, a string, or a
            tuple of strings.
        given: field names and values.
        place: what the settings are of, for messages.

    Raises:
        UnknownNameError: no such field; the message lists the near ones.
        InputError: a value of another type than the field's default.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Oven:
    ...     degrees: float = 180.0
    >>> check_settings(Oven, {"degrees": 200}, "oven")
    >>> check_settings(Oven, {"degrees": "hot"}, "oven")
    Traceback (most recent call last):
    robustbert.errors.InputError: oven: degrees is 'hot'; give a number
    """
    defaults = {field.name: field.default for field in fields(kind)}
    for name, value in given.items():
        if name not in defaults:
            raise UnknownNameError("setting", name, defaults, place)
        wanted = type(defaults[name])
        if not _fits(value, wanted):
            raise InputError(f"{place}: {name} is {value!r}; give {_WORDS[wanted]}")


_WORDS = {
    bool: "true or false",
    float: "a number",
    int: "a whole number",
    str: "a string",
    tuple: "a list of names",
}


def _fits(value: Any, wanted: type) -> bool:
    if wanted is tuple:
        return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
    return type(value) is wanted or (wanted is float and type(value) is int)
