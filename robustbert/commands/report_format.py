"""``--format``: how a report is printed."""

from __future__ import annotations

from typing import Any

#: The formats, the default first.
FORMATS = ("text", "markdown", "json")


def add_format(command: Any) -> None:
    """Add ``--format``."""
    command.add_argument(
        "--format",
        choices=FORMATS,
        default=FORMATS[0],
        help=f"print the report in this format; default: {FORMATS[0]}",
    )
