"""Output, messages on standard error, and the command line as a string."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Sequence

from robustbert.console import printable

#: The exit code of an interrupted command, as shells have it for SIGINT.
INTERRUPTED = 130
# A path that starts with a slash, a drive or the home folder: a whole argument, or after the option
# or the name that it is given to, after "file:", or in a list.
_ABSOLUTE_PATH = re.compile(r"((?:^|[=,])\s*|file:)((?:/|\\\\|[a-zA-Z]:[/\\]|~)[^,]*)", re.DOTALL)


def print_report(text: str) -> None:
    """Print a text that ends with a line break; a reader that closed the pipe is no error.

    A command with a verdict goes on, so that its exit code is that of the verdict.
    """
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        discard_output()


def discard_output() -> None:
    """Discard what is still to be printed, because the reader closed the pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_error(message: str) -> None:
    """Print a message as one line of printable characters on standard error."""
    line = " ".join(message.split())
    print(f"robustbert: {printable(line)}", file=sys.stderr)


def command_line(arguments: Sequence[str]) -> str:
    """The command line as one string that a shell can read.

    Of each absolute path only the last component is kept, so that records hold no path of this
    machine. Relative paths are kept.

    >>> command_line(["bench", "--models", "m=/home/me/my models/svm,tfidf-nb", "--out", "runs/1"])
    'robustbert bench --models m=svm,tfidf-nb --out runs/1'
    """
    words = [shlex.quote(_ABSOLUTE_PATH.sub(_shortened, word)) for word in arguments]
    # arguments that are not UTF-8 contain lone surrogates, which a record cannot hold
    return " ".join(["robustbert", *words]).encode("utf-8", "backslashreplace").decode()


def _shortened(match: re.Match[str]) -> str:
    before, path = match.groups()
    return str(before) + re.split(r"[/\\]", path.rstrip("/\\"))[-1]
