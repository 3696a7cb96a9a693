"""An on-disk cache of the results of batch-invariance checks on this machine."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

#: Version of the checks. Increase it when they change, so that older results are ignored.
REVISION = 1


class InvarianceCache:
    """The results of batch-invariance checks, cached in memory and in a file.

    A result is a boolean for a subject (a linear layer or a whole network) and a number of rows.
    The file has one JSON line per result and is only appended to, so that several processes can
    share it. Lines that cannot be parsed, for example because the process that wrote them was
    killed, are skipped, and their results are recomputed. If the file cannot be written, results
    are cached for this process only. The cache affects the speed but not the results.

    Args:
        path: the file; None caches in memory only.

    Attributes:
        shared: objects of this process that are derived from the results, by key.

    >>> cache = InvarianceCache(None)
    >>> cache.put("plain 384x384 float32", True, rows=16)
    >>> cache.get("plain 384x384 float32", rows=16), cache.get("plain 384x384 float32", rows=32)
    (True, None)
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._results = _read(path) if path is not None else {}
        self.shared: dict[Hashable, Any] = {}

    def get(self, subject: str, rows: int = 0) -> bool | None:
        """The cached result, or None; ``rows`` is 0 for a whole network."""
        return self._results.get((subject, rows))

    def put(self, subject: str, invariant: bool, rows: int = 0) -> None:
        """Cache a result; ``rows`` is 0 for a whole network."""
        with self._lock:
            self._results[subject, rows] = invariant
            if self._path is None:
                return
            line = json.dumps([subject, rows, invariant]) + "\n"
            with contextlib.suppress(OSError):  # a result that is not saved is recomputed
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(line)

    def copy_in_memory(self) -> InvarianceCache:
        """A copy with the same results that is never written to disk."""
        copy = InvarianceCache(None)
        copy._results = dict(self._results)
        return copy


def _read(path: Path) -> dict[tuple[str, int], bool]:
    results = {}
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}  # not written yet
    for line in text.splitlines():
        try:
            subject, rows, invariant = json.loads(line)
        except (ValueError, TypeError):
            continue  # an incomplete line
        if isinstance(subject, str) and type(rows) is int and type(invariant) is bool:
            results[subject, rows] = invariant
    return results


def machine_invariance_cache() -> InvarianceCache:
    """The cache of this machine: one file per CPU type and torch build."""
    return _replacements[-1] if _replacements else _machine_cache()


@contextmanager
def empty_invariance_cache() -> Iterator[InvarianceCache]:
    """Within the block, use an empty in-memory cache instead of this machine's cache."""
    with _replaced(InvarianceCache(None)) as cache:
        yield cache


@contextmanager
def unsaved_invariance_cache() -> Iterator[InvarianceCache]:
    """Within the block, use this machine's cache without writing new results to disk."""
    with _replaced(machine_invariance_cache().copy_in_memory()) as cache:
        yield cache


@contextmanager
def _replaced(cache: InvarianceCache) -> Iterator[InvarianceCache]:
    _replacements.append(cache)
    try:
        yield cache
    finally:
        _replacements.pop()


# A global and not a ContextVar, because worker threads must see it too.
_replacements: list[InvarianceCache] = []


@lru_cache(maxsize=1)
def _machine_cache() -> InvarianceCache:
    from robustbert.machine import processor_class
    from robustbert.paths import cache_folder

    name = f"{processor_class()}-{REVISION}.jsonl"
    return InvarianceCache(cache_folder() / "batch-invariance" / name)
