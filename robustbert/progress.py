"""Progress on standard error: a bar on a terminal and in a notebook, plain lines elsewhere."""

from __future__ import annotations

import math
import os
import sys
import threading
import time
from importlib.util import find_spec
from typing import Any

from robustbert.console import in_notebook, printable

#: Seconds before the first plain line, and between two lines.
FIRST_LINE = 15.0
NEXT_LINE = 60.0
#: Whether :func:`report_step` prints.
STEP_LINES = True


def progress_bar(
    total: int | None, what: str, unit: str = "it", bar_format: str | None = None
) -> Any:
    """A ``tqdm`` bar that disappears when done, on a terminal and in a notebook.

    Elsewhere it is a :class:`PlainProgress`.

    Args:
        total: the number of units; None if unknown.
        what: a short description of the work.
        unit: the name of a unit, in the singular.
        bar_format: tqdm's format of the bar.
    """
    what = printable(what)  # may contain names of files and columns
    if not _shows_bars():
        return PlainProgress(total, what, unit)
    return _bar_class()(
        total=total,
        bar_format=bar_format,
        miniters=0,
        desc=what,
        unit=unit,
        file=sys.stderr,
        leave=False,
        dynamic_ncols=True,
    )


def report_step(text: str) -> None:
    """Print a line about a finished step, unless there are bars: on a terminal or in a notebook."""
    if STEP_LINES and not _shows_bars():
        print(f"robustbert: {printable(text)}", file=sys.stderr, flush=True)


def _shows_bars() -> bool:
    return in_notebook() or (sys.stderr.isatty() and not _terminal_without_size())


def _terminal_without_size() -> bool:
    """Whether the terminal reports 0 rows or columns, as in some CI jobs: tqdm is silent there."""
    try:
        return 0 in os.get_terminal_size(sys.stderr.fileno())
    except (OSError, ValueError):  # not a real terminal
        return False


def _bar_class() -> Any:
    """A widget in a notebook that has ipywidgets, without which tqdm warns; else a line of text."""
    if in_notebook() and find_spec("ipywidgets"):
        from tqdm.notebook import tqdm as notebook_bar

        return notebook_bar
    from tqdm import tqdm

    return tqdm


class PlainProgress:
    """The part of the ``tqdm`` interface that robustbert uses, as plain lines for log files.

    Work that ends within 15 seconds prints nothing. Longer work prints at most one line per minute,
    when a unit is done. Work without units prints one line after 15 seconds. What was done is
    reported by :func:`report_step`.

    Args:
        total: the number of units; None if unknown.
        what: a short description of the work.
        unit: the name of a unit, in the singular.
    """

    def __init__(self, total: int | None, what: str, unit: str) -> None:
        self._total, self._what, self._unit = total, what, unit
        self._done = 0
        self._postfix = ""
        self._next = time.monotonic() + FIRST_LINE
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
        """Print no more lines."""
        if self._timer:
            self._timer.cancel()
        with self._lock:
            self._next = math.inf

    def _print(self) -> None:
        counted = "" if self._total is None else f"{self._done} of {self._total} {self._unit}s"
        state = ", ".join(filter(None, (counted, self._postfix)))
        line = f"{self._what}: {state}" if state else self._what
        print(f"robustbert: {line}", file=sys.stderr, flush=True)
