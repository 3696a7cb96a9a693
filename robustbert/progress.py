"""Progress on long work: a bar on a terminal; elsewhere nothing, or one line."""

from __future__ import annotations

import sys
from typing import Any


def progress_bar(
    total: int | None, what: str, unit: str = "it", bar_format: str | None = None
) -> Any:
    """A ``tqdm`` bar on standard error that vanishes when done; silent when that is no terminal.

    Args:
        total: how many units there are; None where unknown.
        what: what is running, a few words.
        unit: what is counted.
        bar_format: how it is written, as tqdm has it.
    """
    from tqdm import tqdm

    return tqdm(
        total=total,
        bar_format=bar_format,
        miniters=0,
        desc=what,
        unit=unit,
        file=sys.stderr,
        disable=not sys.stderr.isatty(),
        leave=False,
        dynamic_ncols=True,
    )


def progress_line(message: str) -> None:
    """Print one line on standard error where that is no terminal, so where no bar is shown."""
    if not sys.stderr.isatty():
        print(f"robustbert: {message}", file=sys.stderr)
