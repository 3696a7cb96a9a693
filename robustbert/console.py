"""Where output is shown, a terminal or a notebook, and text that is safe to show there."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap

_MIN_WIDTH = 80
_DEFAULT_WIDTH = 100


def terminal_width() -> int:
    """The width for tables and texts on standard output, in characters: at least 80.

    It is that of the terminal, or 100 if standard output is no terminal.
    """
    width = shutil.get_terminal_size((_DEFAULT_WIDTH, 24)).columns
    return max(width, _MIN_WIDTH)


def use_color() -> bool:
    """Whether to colour standard output: on a terminal, unless ``NO_COLOR`` is set.

    See https://no-color.org.
    """
    is_plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not is_plain


def in_notebook() -> bool:
    """Whether this process is the kernel of a Jupyter notebook, which shows HTML."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return type(shell).__name__ == "ZMQInteractiveShell"


def printable(text: str) -> str:
    r"""Replace control, bidirectional and surrogate characters by escapes; the result is one line.

    >>> printable("a\x1b[31mb\n")
    'a\\x1b[31mb\\n'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def wrapped(text: str, width: int, first: str = "", others: str | None = None) -> str:
    """Make a text printable, and break it into lines of at most ``width`` characters.

    Args:
        text: the text.
        width: the number of characters, the beginnings of lines included.
        first: the beginning of the first line.
        others: the beginning of the other lines; None for spaces as long as ``first``.

    >>> print(wrapped("one two three", 10, "- "))
    - one two
      three
    """
    return textwrap.fill(
        printable(text),
        width,
        initial_indent=first,
        subsequent_indent=" " * len(first) if others is None else others,
        break_on_hyphens=False,
    )
