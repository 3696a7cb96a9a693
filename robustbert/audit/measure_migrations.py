"""Migrating files of measures of earlier versions, as in :mod:`robustbert.records.migrations`."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from types import MappingProxyType
from typing import Any

from robustbert.records.migrations import Content, Migrations


def migrate_measures_1_to_2(measured: Content) -> Content:
    """Migrate from version 1 to 2, which has perplexities.

    Raises:
        ValueError: there is a field of version 2.
    """
    new = deepcopy(measured)
    _add(new, "language_model")
    for cell in _objects(new, "cells"):
        for example in _objects(cell, "examples"):
            _add(example, "log_perplexity", "original_log_perplexity")
    return {**new, "measures_version": 2}


#: The migrations, keyed by the version that they start from.
MEASURES_MIGRATIONS: Migrations = MappingProxyType({1: migrate_measures_1_to_2})


def _objects(content: Content, name: str) -> Iterator[Content]:
    """The objects of a list; what is none is left to the validation."""
    found: Any = content.get(name)
    yield from (one for one in found if isinstance(one, dict)) if isinstance(found, list) else ()


def _add(content: Content, *names: str) -> None:
    for name in names:
        if name in content:
            raise ValueError(f"{name}: a field that version 1 does not have")
        content[name] = None
