"""Checks of arguments, and of the named settings of a suite file or a command line."""

from __future__ import annotations

import json
import tomllib
import types
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, Field, fields
from operator import index
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from robustbert.errors import InputError, UnknownNameError

_T = TypeVar("_T")


def check_at_least(minimum: int, *, optional: bool = False, **values: Any) -> None:
    """Check that arguments are integers of at least ``minimum``.

    >>> check_at_least(1, lanes=8)
    >>> check_at_least(1, lanes="8")
    Traceback (most recent call last):
    robustbert.errors.InputError: lanes is '8'; give an integer of at least 1

    Args:
        minimum: the smallest value.
        optional: whether None is accepted too.
        values: the arguments by name.

    Raises:
        InputError: one is not such an integer; a bool is not.
    """
    for name, value in values.items():
        if optional and value is None:
            continue
        if not (_is_integer(value) and value >= minimum):
            raise InputError(f"{name} is {value!r}; give an integer of at least {minimum}")


def check_between(minimum: int, maximum: int, **values: Any) -> None:
    """Check that arguments are integers from ``minimum`` to ``maximum``.

    >>> check_between(1, 1000, steps=20)
    >>> check_between(1, 1000, steps=10**6)
    Traceback (most recent call last):
    robustbert.errors.InputError: steps is 1000000; give an integer from 1 to 1000

    Args:
        minimum: the smallest value.
        maximum: the largest value.
        values: the arguments by name.

    Raises:
        InputError: one is not such an integer; a bool is not.
    """
    for name, value in values.items():
        if not (_is_integer(value) and minimum <= value <= maximum):
            raise InputError(f"{name} is {value!r}; give an integer from {minimum} to {maximum}")


def _is_integer(value: Any) -> bool:
    """Whether a value is an integer, of any type but bool."""
    try:
        index(value)
    except TypeError:
        return False
    return not isinstance(value, bool)


def is_proportion(value: Any) -> bool:
    """Whether a value is a number from 0 to 1; a bool is not.

    >>> is_proportion(0.4), is_proportion(1), is_proportion(True), is_proportion(float("nan"))
    (True, True, False, False)
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def build_from_settings(
    kind: type[_T],
    settings: Mapping[str, Any],
    place: str,
    *,
    fixed: Mapping[str, Any] | None = None,
) -> _T:
    """Build the dataclass ``kind`` from ``settings``, checked against its annotations.

    Only types are checked; ``kind`` itself checks ranges. No value is converted, except that a
    list becomes a tuple where the field is one. An int is accepted for a float and kept as it is,
    so that cache keys and records contain what the user wrote; a bool is not accepted for either.

    Args:
        kind: a dataclass.
        settings: field names and values; a field that is not given has its default.
        place: what the settings belong to; messages begin with it.
        fixed: fields that the caller sets; ``settings`` must not contain them.

    Raises:
        UnknownNameError: there is no such field; the message suggests similar ones.
        InputError: a value has the wrong type, or a field without a default is missing. Errors
            that ``kind`` itself raises, such as those of its ``__post_init__``, pass through.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Oven:
    ...     degrees: float = 180.0
    >>> build_from_settings(Oven, {"degrees": 200}, "oven")
    Oven(degrees=200)
    >>> build_from_settings(Oven, {"degrees": "hot"}, "oven")
    Traceback (most recent call last):
    robustbert.errors.InputError: oven: degrees is 'hot'; give a number
    """
    fixed = fixed or {}
    # typeshed's protocol for dataclasses does not accept a type variable.
    declared: tuple[Field[Any], ...] = fields(kind)  # type: ignore[arg-type]
    open_fields = {
        field.name: field for field in declared if field.init and field.name not in fixed
    }
    annotations = get_type_hints(kind)
    values = {}
    for name, value in settings.items():
        if name not in open_fields:
            raise UnknownNameError("setting", name, open_fields, place)
        values[name] = _checked(value, annotations[name], f"{place}: {name}")
    for name, field in open_fields.items():
        if name not in values and field.default is MISSING and field.default_factory is MISSING:
            raise InputError(f"{place}: {name} is missing; give {_describe(annotations[name])}")
    return kind(**values, **fixed)


def settings_from_text(kind: type, assignments: Sequence[str], place: str) -> dict[str, Any]:
    """Read settings of the dataclass ``kind`` from ``NAME=VALUE``, as a command line has them.

    A value is written as in a TOML file, and a string needs no quotes. The elements of a list are
    separated by commas.

    Args:
        kind: a dataclass, see :func:`build_from_settings`.
        assignments: the settings.
        place: what the settings belong to; messages begin with it.

    Raises:
        UnknownNameError: there is no such field; the message suggests similar ones.
        InputError: one is not ``NAME=VALUE``, is given twice, or its value has the wrong type.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Oven:
    ...     degrees: float = 180.0
    ...     grids: tuple[str, ...] = ()
    >>> settings_from_text(Oven, ["degrees=200", "grids=top,middle"], "oven")
    {'degrees': 200, 'grids': ('top', 'middle')}
    """
    annotations = get_type_hints(kind)
    known = [field.name for field in fields(kind) if field.init]
    settings: dict[str, Any] = {}
    for assignment in assignments:
        name, separator, text = (part.strip() for part in assignment.partition("="))
        if not separator or not name:
            raise InputError(f"{place}: {assignment!r} is not a setting; write NAME=VALUE")
        if name not in known:
            raise UnknownNameError("setting", name, known, place)
        if name in settings:
            raise InputError(f"{place}: {name} is given twice; give it once")
        settings[name] = _value_of_text(text, annotations[name], f"{place}: {name}")
    return settings


def setting_as_text(name: str, value: Any) -> str:
    """A setting as :func:`settings_from_text` reads it.

    >>> setting_as_text("is_on", True), setting_as_text("names", ["pwws", "iga"])
    ('is_on=true', 'names=["pwws", "iga"]')
    """
    if isinstance(value, str) and value == _toml_value(value) == value.strip():
        return f"{name}={value}"
    return f"{name}={json.dumps(value, ensure_ascii=False)}"


def _value_of_text(text: str, annotation: Any, place: str) -> Any:
    """The value of a text that ``annotation`` accepts; raise InputError if there is none."""
    items = [_toml_value(item.strip()) for item in text.split(",") if item.strip()]
    for value in (_toml_value(text), text, items):
        with suppress(InputError):
            return _checked(value, annotation, place)
    return _checked(text, annotation, place)


def _toml_value(text: str) -> Any:
    """The value of a text in TOML; the text itself if it is none."""
    with suppress(tomllib.TOMLDecodeError):
        found = tomllib.loads(f"value = {text}")
        if list(found) == ["value"]:  # no further lines
            return found["value"]
    with suppress(ValueError):  # TOML does not allow .5
        return float(text)
    return text


def _checked(value: Any, annotation: Any, place: str) -> Any:
    """Return ``value``, converted to a tuple if required; raise InputError for a wrong type."""
    adapter = TypeAdapter(annotation)
    candidates = [value, tuple(value)] if isinstance(value, list) else [value]
    for candidate in candidates:
        try:
            adapter.validate_python(candidate, strict=True)
        except ValidationError:
            continue
        return candidate
    raise InputError(f"{place} is {value!r}; give {_describe(annotation)}")


_DESCRIPTIONS: Mapping[Any, str] = types.MappingProxyType(
    {bool: "true or false", float: "a number", int: "a whole number", str: "a string"}
)


def _describe(annotation: Any) -> str:
    """Describe the values that ``annotation`` accepts, without Python's terms."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in _DESCRIPTIONS:
        return _DESCRIPTIONS[annotation]
    if origin in (Union, types.UnionType):  # files express None by omitting the field
        return " or ".join(_describe(one) for one in arguments if one is not type(None))
    if origin is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if origin in (tuple, list, Sequence):
        return "a list of names" if str in arguments else "a list"
    return f"a value of type {getattr(annotation, '__name__', annotation)}"
