"""Progress of long work on standard error: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import sys
import threading
import time
from typing import Any

#: Seconds before the first plain line, and between two of them.
FIRST_LINE = 15.0
NEXT_LINE = 60.0


def progress_bar(
    total: int | None, what: str, unit: str = "it", bar_format: str | None = None
) -> Any:
    """A ``tqdm`` bar that vanishes when done; :class:`PlainProgress` where there is no terminal.

    Args:
        total: how many units there are; None where unknown.
        what: what is running, a few words.
        unit: what is counted, in the singular.
        bar_format: the format of the bar, as tqdm has it.
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
    """What robustbert uses of a ``tqdm`` bar, as lines that a log file can hold.

    Work that ends within 15 seconds prints nothing. Longer work prints at most one line a minute,
    when a unit is done, and one when it ends. Work that counts no units prints a line after 15
    seconds, and one when it ends.

    Args:
        total: how many units there are; None where unknown.
        what: what is running, a few words.
        unit: what is counted, in the singular.
    """

    def __init__(self, total: int | None, what: str, unit: str) -> None:
        self._total, self._what, self._unit = total, what, unit
        self._done = 0
        self._postfix = ""
        self._began = time.monotonic()
        self._next = self._began + FIRST_LINE
        self._printed = False
        self._lock = threading.Lock()  # the timer prints from a thread of its own
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
        """Set what stands behind the number of finished units."""
        self._postfix = text
        if refresh:
            self.refresh()

    def close(self) -> None:
        """Print how long it took, if anything was printed before."""
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
