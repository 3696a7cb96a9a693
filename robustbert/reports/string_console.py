"""A console of rich that writes to a string."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rich.console import Console


def string_console(
    color: bool, width: int, colors: Literal["standard", "256"] = "standard"
) -> Console:
    """A console whose ``file`` is an ``io.StringIO``.

    Args:
        color: whether it writes terminal escape sequences.
        width: in characters.
        colors: the 16 colours of the terminal's theme, or 256 fixed ones.
    """
    from rich.console import Console

    return Console(
        file=io.StringIO(),
        width=width,
        force_terminal=color,
        color_system=colors if color else None,
        no_color=not color,
        force_jupyter=False,  # else a notebook shows the output, and the file stays empty
        legacy_windows=False,
    )
