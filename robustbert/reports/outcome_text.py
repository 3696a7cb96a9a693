"""Outcomes for the terminal, with the changed words coloured or in double brackets."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from robustbert.console import printable
from robustbert.records import Outcome
from robustbert.reports.outcome_view import NOTHING, OutcomeView, outcome_view
from robustbert.reports.string_console import string_console
from robustbert.reports.word_diff import Piece

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_INDENT = 2
_LABEL_WIDTH = len("adversarial")
_MIN_TEXT_WIDTH = 20
_MAX_WIDTH = 100  # longer lines are hard to read
# Not by colour alone: the words are also bold and underlined.
_REMOVED, _ADDED = "bold underline red", "bold underline green"


def outcomes_text(
    outcomes: Sequence[Outcome], label_names: Sequence[str] | None, *, color: bool, width: int
) -> str:
    r"""Format outcomes for the terminal: status, probabilities, queries, and both texts.

    Everything in an outcome is shown literally: control and bidirectional characters are escaped.

    Args:
        outcomes: the outcomes, in the order in which they are shown.
        label_names: the name of each class; None shows their numbers.
        color: whether to colour the changed words with terminal escape sequences. If not, they are
            in double brackets, ``[[word]]``; double brackets of the texts themselves are preceded
            by a backslash.
        width: of the terminal, in characters, at least 1. Lines have at most 100 characters, and
            may be longer than the width if it is below 35.
    """
    if not outcomes:
        return f"{NOTHING}\n"
    console = string_console(color, min(width, _MAX_WIDTH))
    for position, outcome in enumerate(outcomes):
        if position:
            console.line()
        _print(console, outcome_view(outcome, label_names), color)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _print(console: Console, view: OutcomeView, color: bool) -> None:
    from rich.text import Text

    heading = Text(printable(view.heading), style="bold")
    heading.append(f"  (example {printable(view.example_id)})", style="not bold dim")
    _print_wrapped(console, "", heading, indent=0)
    _print_wrapped(console, "", Text(printable(", ".join(view.facts))), indent=_INDENT)
    for label, pieces, style in (
        ("original", view.original, _REMOVED),
        ("adversarial", view.adversarial, _ADDED),
    ):
        if pieces:
            text = Text()
            for part, changed in _shown(pieces, color):
                text.append(part, style=style if changed else None)
            _print_wrapped(console, label, text, indent=_INDENT + _LABEL_WIDTH + 2)


def _shown(pieces: Sequence[Piece], color: bool) -> Iterator[tuple[str, bool]]:
    for piece in pieces:
        text = printable(piece.text)
        if not color:
            text = text.replace("[[", r"\[[").replace("]]", r"\]]")
            text = f"[[{text}]]" if piece.changed else text
        yield text, piece.changed


def _print_wrapped(console: Console, label: str, text: Text, *, indent: int) -> None:
    """Print a text in lines that fit, the first one after the label."""
    from rich.text import Text

    start = f"{' ' * _INDENT}{label}" if label else ""
    width = max(console.width - indent, _MIN_TEXT_WIDTH)
    for line in text.wrap(console, width):
        console.print(Text(start.ljust(indent)) + line, overflow="ignore", no_wrap=True, crop=False)
        start = ""
