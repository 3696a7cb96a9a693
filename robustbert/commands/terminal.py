"""Messages on standard error, and the command line as a string."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence

#: The exit code of an interrupted command, as shells have it for SIGINT.
INTERRUPTED = 130


def print_error(message: str) -> None:
    """Print a message as one line of printable characters on standard error."""
    line = " ".join(message.split())
    printable = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
    print(f"robustbert: {printable}", file=sys.stderr)


def command_line(arguments: Sequence[str]) -> str:
    """The command line as one string that a shell can read.

    The home folder at the beginning of an argument becomes ``~/``, so that records do not reveal
    it.

    >>> command_line(["bench", "--models", "my models/svm"])
    "robustbert bench --models 'my models/svm'"
    """
    home = os.path.expanduser("~/")
    words = [
        f"~/{shlex.quote(word.removeprefix(home))}" if word.startswith(home) else shlex.quote(word)
        for word in arguments
    ]
    # arguments that are not UTF-8 contain lone surrogates, which a record cannot hold
    return " ".join(["robustbert", *words]).encode("utf-8", "backslashreplace").decode()
