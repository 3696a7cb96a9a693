"""Progress on standard error: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import sys
import threading
import time
from typing import Any

#: Seconds before the first plain line, and between two lines.
FIRST_LINE = 15.0
NEXT_LINE = 60.0


def progress_bar(
    total: int | None, what: str, unit: str = "it", bar_format: str | None = None
) -> Any:
    """A ``tqdm`` bar that disappears when done, or :class:`PlainProgress` without a terminal.

    Args:
        total: the number of units; None if unknown.
        what: a short description of the work.
        unit: the name of a unit, in the singular.
        bar_format: tqdm's format of the bar.
    """
    if not sys.stderr.isatty():
        return PlainProgress(total, what, unit)
    from tqdm import tqdm

    return tqdm(
        total=total,
        bar_format=bar_format,
        miniters=0,
        desc=what,
        unit=unit,
        file=sys.stderr,
        leave=False,
        dynamic_ncols=True,
    )


class PlainProgress:
    """The part of the ``tqdm`` interface that robustbert uses, as plain lines for log files.

    Work that ends within 15 seconds prints nothing. Longer work prints at most one line per minute,
    when a unit is done, and one when it ends. Work without units prints one line after 15 seconds
    and one when it ends.

    Args:
        total: the number of units; None if unknown.
        what: a short description of the work.
        unit: the name of a unit, in the singular.
    """

    def __init__(self, total: int | None, what: str, unit: str) -> None:
        self._total, self._what, self._unit = total, what, unit
        self._done = 0
        self._postfix = ""
        self._began = time.monotonic()
        self._next = self._began + FIRST_LINE
        self._printed = False
        self._lock = threading.Lock()  # the timer prints from another thread
        self._timer: threading.Timer | None = None
        if total is None:  # update() will not be called
            self._timer = threading.Timer(FIRST_LINE, self.refresh)
            self._timer.daemon = True
            self._timer.start()

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def update(self, n: int = 1) -> None:
        """Add ``n`` finished units."""
        self._done += n
        self.refresh()

    def refresh(self) -> None:
        """Print a line if one is due."""
        with self._lock:
            if time.monotonic() >= self._next:
                self._print()
                self._next = time.monotonic() + NEXT_LINE

    def set_postfix_str(self, text: str, refresh: bool = True) -> None:
        """Set the text after the number of finished units."""
        self._postfix = text
        if refresh:
            self.refresh()

    def close(self) -> None:
        """Print the elapsed time, if anything was printed before."""
        if self._timer:
            self._timer.cancel()
        with self._lock:
            if self._printed:
                self._print(f"ended after {time.monotonic() - self._began:.0f} s")
            self._printed, self._next = False, math.inf

    def _print(self, end: str = "") -> None:
        counted = "" if self._total is None else f"{self._done} of {self._total} {self._unit}s"
        state = ", ".join(filter(None, (counted, self._postfix, end)))
        line = f"{self._what}: {state}" if state else self._what
        print(f"robustbert: {line}", file=sys.stderr, flush=True)
        self._printed = True
