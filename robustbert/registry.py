"""Registries of names: datasets, models, defenses, recipes and assets."""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any, Generic, Protocol, TypeVar

from robustbert.errors import (
    DuplicateNameError,
    InputError,
    UnknownNameError,
    describe_error,
)
from robustbert.frozen import FrozenMapping

_IMPORT_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
# "hub:bert" and "file:reviews" are models and data, "c:models" is a folder on a Windows drive.
_OTHER_PREFIX = re.compile(r"(hub|file|[a-zA-Z]):")


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """The name that users write."""
        ...


@dataclass(frozen=True)
class Entry:
    """One line of a registry.

    Args:
        name: the name that users write.
        target: ``"package.module:attribute"``, imported only when the entry is used.
        summary: one line for ``robustbert list``.
    """

    name: str
    target: str
    summary: str = ""

    def load(self) -> Any:
        """Import the target and return it."""
        return load_target(self.target)


def load_target(target: str) -> Any:
    """Import and return the object at ``"package.module:attribute"``."""
    module, _, attributes = target.partition(":")
    found: Any = importlib.import_module(module)
    for attribute in attributes.split("."):
        found = getattr(found, attribute)
    return found


_EntryT = TypeVar("_EntryT", bound=Named, covariant=True)


class Registry(Generic[_EntryT]):
    """The names of one kind: built-in ones, and those that other packages add.

    A name is one of three things:

    - a name of the built-in table;
    - a name that an installed package registers as an entry point of :attr:`group`;
    - an import path, ``package.module:Name``.

    An entry point never replaces another name: a name that is registered twice raises
    an error when it is used.

    Loading an import path or an entry point runs code of an installed module, which the user chose
    by writing its name in a command or a suite. Nothing is ever imported from a file path, a model
    folder or the hub.

    Args:
        kind: what the names refer to, in the singular.
        entries: the built-in table, in the order in which it is listed.
        external: creates the entry of a name that is not built in, from name, target and summary.
        accepts: checks whether the target of a name that is not built in is valid.
        expected: description of the objects that ``accepts`` allows, for error messages.
        renamed: earlier names and what they are now called, for error messages.

    Raises:
        DuplicateNameError: the built-in table has a name twice.

    >>> shapes = Registry("shape", [Entry("circle", "math:tau", "round")])
    >>> "circle" in shapes, list(shapes)
    (True, ['circle'])
    >>> round(shapes.load("circle"), 2)
    6.28
    >>> round(shapes.load("math:e"), 2)
    2.72
    >>> shapes.load("circl")
    Traceback (most recent call last):
    robustbert.errors.UnknownNameError: unknown shape 'circl'; did you mean circle?
    """

    def __init__(
        self,
        kind: str,
        entries: Iterable[_EntryT],
        *,
        external: Callable[[str, str, str], _EntryT] = Entry,  # type: ignore[assignment]
        accepts: Callable[[Any], bool] = lambda target: True,
        expected: str = "",
        renamed: Mapping[str, str] = FrozenMapping(),
    ) -> None:
        self.kind = kind
        self._external, self._accepts, self._expected = external, accepts, expected
        self._renamed = renamed
        self._entries: dict[str, _EntryT] = {}
        for entry in entries:
            if entry.name in self._entries:
                raise DuplicateNameError(f"the table of {kind}s has the name {entry.name!r} twice")
            self._entries[entry.name] = entry

    @property
    def group(self) -> str:
        """The entry-point group in which packages register names, ``robustbert.KINDs``."""
        return f"robustbert.{self.kind}s"

    def __contains__(self, name: object) -> bool:
        """Whether ``name`` is known or has the form of an import path; imports nothing."""
        if name in self._entries:
            return True
        return isinstance(name, str) and (is_import_path(name) or bool(self._registered(name)))

    def __iter__(self) -> Iterator[str]:
        """Each name: the built-in ones in the order of the table, then those of packages."""
        yield from self._entries
        registered = dict.fromkeys(point.name for point in _entry_points(self.group))
        yield from (name for name in registered if name not in self._entries)

    def built_in(self) -> tuple[_EntryT, ...]:
        """The built-in entries, in the order of the table."""
        return tuple(self._entries.values())

    def entries(self) -> tuple[_EntryT, ...]:
        """The entry of each name, in the order of iteration; imports nothing by itself."""
        registered = {point.name: point for point in reversed(_entry_points(self.group))}
        return tuple(
            self._entries[name] if name in self._entries else self._from_package(registered[name])
            for name in self
        )

    def entry(self, name: str) -> _EntryT:
        """The entry called ``name``.

        Raises:
            UnknownNameError: no such name; the message suggests similar ones.
            DuplicateNameError: the name is registered more than once.
        """
        registered = self._registered(name)
        if len(registered) + (name in self._entries) > 1:
            owners = ["robustbert"] if name in self._entries else []
            owners += [_origin(point) for point in registered]
            raise DuplicateNameError(
                f"{self.kind} {name!r} is registered by {' and by '.join(owners)}; uninstall one, "
                f"or give an import path instead, such as {registered[0].value}"
            )
        if name in self._entries:
            return self._entries[name]
        if registered:
            return self._from_package(registered[0])
        if is_import_path(name):
            return self._external(name, name, "")
        raise UnknownNameError(self.kind, name, self, renamed=self._renamed.get(name, ""))

    def load(self: Registry[Entry], name: str) -> Any:
        """Import and return the target of ``name``.

        Raises:
            UnknownNameError: no such name; the message suggests similar ones.
            DuplicateNameError: the name is registered more than once.
            InputError: the target of an import path or entry point cannot be imported, or is of
                another kind.
        """
        entry = self.entry(name)
        return entry.load() if name in self._entries else self.import_external(name, entry.target)

    def import_external(self, name: str, target: str) -> Any:
        """Import the ``target`` of a name that is not built in, and check it.

        Raises:
            InputError: it cannot be imported, or is not of the expected kind.
        """
        place = f"{self.kind} {name!r}" + ("" if name == target else f" ({target})")
        found = _import(target, place)
        if not self._accepts(found):
            raise InputError(
                f"{place} is {_describe(found)}; give the import path of {self._expected}"
            )
        return found

    def _from_package(self, point: metadata.EntryPoint) -> _EntryT:
        return self._external(point.name, point.value, f"from {_origin(point)}")

    def _registered(self, name: str) -> list[metadata.EntryPoint]:
        return [point for point in _entry_points(self.group) if point.name == name]


def is_import_path(name: str) -> bool:
    r"""Whether ``name`` has the form ``package.module:Name``; imports nothing.

    >>> is_import_path("mypackage.defenses:Smoothing")
    True
    >>> [is_import_path(name) for name in ("minilm", "hub:bert", "file:a", "C:\\a", "C:a", "./a:b")]
    [False, False, False, False, False, False]
    """
    return bool(_IMPORT_PATH.fullmatch(name)) and not _OTHER_PREFIX.match(name)


@cache
def _entry_points(group: str) -> tuple[metadata.EntryPoint, ...]:
    return tuple(metadata.entry_points(group=group))


def _origin(point: metadata.EntryPoint) -> str:
    """The package that registers an entry point."""
    return f"the package {point.dist.name}" if point.dist else point.value


def _import(target: str, place: str) -> Any:
    if not is_import_path(target):
        raise InputError(f"{place}: {target!r} is not an import path; write package.module:Name")
    module_name, _, attributes = target.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
    except Exception as error:  # the module's own code may raise anything
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{module_name}.".startswith(f"{missing}."):
            raise InputError(
                f"{place}: there is no module {missing!r}; check the spelling, and install its "
                "package or add its folder to PYTHONPATH"
            ) from error
        raise InputError(
            f"{place}: importing {module_name} failed: {describe_error(error)}; fix that module"
        ) from error
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            similar = difflib.get_close_matches(attribute, dir(found), n=1)
            hint = f"did you mean {similar[0]}?" if similar else "check the spelling"
            raise InputError(f"{place}: {module_name} has no attribute {attributes!r}; {hint}")
        found = getattr(found, attribute)
    return found


def _describe(found: Any) -> str:
    return f"the class {found.__name__}" if isinstance(found, type) else f"a {type(found).__name__}"
