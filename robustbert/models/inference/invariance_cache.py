"""What was found about this machine's kernels, kept from one process to the next."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

#: What a finding means; raise it when the checks change, and everything is checked again.
REVISION = 1


class Findings:
    """Yes or no for each (subject, number), remembered in memory and in a file.

    The file has one JSON line per finding and is only appended to, so that several processes can
    share it; a line that cannot be read (the process that wrote it was killed) is skipped, and
    found again. Where the file cannot be written, findings last as long as the process: they save
    time and decide nothing.

    Args:
        path: the file; None keeps findings in memory alone.

    Attributes:
        objects: what was made from these findings in this process, by a key.

    >>> findings = Findings(None)
    >>> findings.note("plain 384x384 float32", True, 16)
    >>> findings.get("plain 384x384 float32", 16), findings.get("plain 384x384 float32", 32)
    (True, None)
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known = _read(path) if path is not None else {}
        self.objects: dict[Hashable, Any] = {}

    def get(self, subject: str, number: int = 0) -> bool | None:
        """What was found; None where nothing was."""
        return self._known.get((subject, number))

    def note(self, subject: str, found: bool, number: int = 0) -> None:
        """Remember a finding; ``number`` tells findings about one subject apart."""
        with self._lock:
            self._known[subject, number] = found
            if self._path is None:
                return
            line = json.dumps([subject, number, found]) + "\n"
            with contextlib.suppress(OSError):  # see the class: nothing is lost but time
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(line)


def _read(path: Path) -> dict[tuple[str, int], bool]:
    known = {}
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}  # not there yet
    for line in text.splitlines():
        try:
            subject, number, found = json.loads(line)
        except (ValueError, TypeError):
            continue  # torn
        if isinstance(subject, str) and type(number) is int and type(found) is bool:
            known[subject, number] = found
    return known


def machine_findings() -> Findings:
    """The findings about this machine: one file in the cache per kind of processor and torch."""
    return _fresh[-1] if _fresh else _kept_findings()


@contextmanager
def fresh_findings() -> Iterator[Findings]:
    """In the block, nothing is known of this machine, and what is found is not kept."""
    _fresh.append(Findings(None))
    try:
        yield _fresh[-1]
    finally:
        _fresh.pop()


@contextmanager
def unwritten_findings() -> Iterator[Findings]:
    """In the block, what is known of this machine is used, and what is found is not kept."""
    known = Findings(None)
    known._known = dict(machine_findings()._known)
    _fresh.append(known)
    try:
        yield known
    finally:
        _fresh.pop()


# Of the process, not of a context: the threads that compute see it, too.
_fresh: list[Findings] = []


@lru_cache(maxsize=1)
def _kept_findings() -> Findings:
    from robustbert.machine import processor_class
    from robustbert.paths import cache_folder

    name = f"{processor_class()}-{REVISION}.jsonl"
    return Findings(cache_folder() / "batch-invariance" / name)
