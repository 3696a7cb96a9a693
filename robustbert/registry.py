"""One small table type for every kind of name: datasets, models, defenses, recipes."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from robustbert.errors import DuplicateNameError, UnknownNameError


@dataclass(frozen=True)
class Entry:
    """A line of a table.

    Args:
        name: what users write.
        target: ``"package.module:attribute"``, imported only when the entry is used.
        summary: one line for ``robustbert list``.
    """

    name: str
    target: str
    summary: str = ""

    def load(self) -> Any:
        """Import the target and return it."""
        module, _, attribute = self.target.partition(":")
        return getattr(importlib.import_module(module), attribute)


class Registry:
    """A table of names of one kind.

    >>> shapes = Registry("shape", [Entry("circle", "math:tau", "round")])
    >>> "circle" in shapes, list(shapes)
    (True, ['circle'])
    >>> round(shapes.load("circle"), 2)
    6.28
    >>> shapes.load("circl")
    Traceback (most recent call last):
    robustbert.errors.UnknownNameError: unknown shape 'circl'; did you mean circle?
    """

    def __init__(self, kind: str, entries: Iterable[Entry]) -> None:
        self.kind = kind
        self._entries: dict[str, Entry] = {}
        for entry in entries:
            if entry.name in self._entries:
                raise DuplicateNameError(f"{kind} {entry.name!r} stands twice in its table")
            self._entries[entry.name] = entry

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def entries(self) -> tuple[Entry, ...]:
        """Every line of the table, in its order."""
        return tuple(self._entries.values())

    def entry(self, name: str) -> Entry:
        """The line called ``name``.

        Raises:
            UnknownNameError: no such name; the message lists the near ones.
        """
        if name not in self._entries:
            raise UnknownNameError(self.kind, name, self._entries)
        return self._entries[name]

    def load(self, name: str) -> Any:
        """Import and return what ``name`` stands for.

        Raises:
            UnknownNameError: no such name; the message lists the near ones.
        """
        return self.entry(name).load()
