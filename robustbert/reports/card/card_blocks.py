"""Blocks of Markdown with untrusted content: lists and code."""

from __future__ import annotations

import re
from collections.abc import Iterable

from robustbert.console import printable

_BACKTICKS = re.compile("`+")
_SHORTEST_FENCE = 3


def bullets(items: Iterable[str]) -> str:
    """A list of items that are escaped already."""
    return "\n".join(f"- {item}" for item in items)


def shell_block(command: str) -> str:
    """A block of code, whose fence is longer than any run of backticks in it.

    >>> print(shell_block("echo 1"))
    ```sh
    echo 1
    ```
    """
    text = printable(command)
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(_SHORTEST_FENCE, longest + 1)
    return f"{fence}sh\n{text}\n{fence}"
