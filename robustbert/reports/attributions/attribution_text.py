"""Attributions for the terminal: words on coloured ground, and the most important ones."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from robustbert.console import printable, wrapped
from robustbert.reports.attributions.shown_attribution import ShownAttribution, levels
from robustbert.reports.escape import shorten
from robustbert.reports.string_console import string_console

_MAX_WIDTH = 100  # longer lines are hard to read
_NUM_WORDS = 10  # of the list of the most important ones
_WORD_WIDTH = 24
# Of each level; black on all of them has a contrast of at least 4.5 to 1.
_FOR = ("#e3eef7", "#c4ddef", "#9cc6e4", "#6faeda", "#4a9bd1")
_AGAINST = ("#fbe9dc", "#f7d0b3", "#f2b386", "#ec955a", "#e67a35")


def attributions_text(shown: Sequence[ShownAttribution], *, color: bool, width: int) -> str:
    """Format attributions for the terminal.

    Everything in a text is shown literally: control and bidirectional characters are escaped.

    Args:
        shown: the attributions, in the order in which they are shown.
        color: whether words have a coloured ground: blue for the class, orange against it. The list
            of the most important words has signs as well.
        width: of the terminal, in characters; lines have at most 100.
    """
    width = min(width, _MAX_WIDTH)
    return "\n".join(_of_one(one, color, width) for one in shown)


def _of_one(one: ShownAttribution, color: bool, width: int) -> str:
    heading = wrapped(f"{one.title}: {one.explained}", width, others="  ")
    facts = wrapped(", ".join(one.facts()), width, "  ")
    return "\n".join([heading, facts, *_text(one, color, width), *_most_important(one), ""])


def _text(one: ShownAttribution, color: bool, width: int) -> Iterator[str]:
    from rich.text import Text

    text = Text()
    for part, level in one.parts():
        text.append(printable(part), style=_style(level or 0))
    console = string_console(color, width, "256")
    for line in text.wrap(console, max(width - 2, 20)):
        line.rstrip()
        console.print(Text("  ") + line, overflow="ignore", no_wrap=True, crop=False)
    assert isinstance(console.file, io.StringIO)
    yield from console.file.getvalue().splitlines()


def _style(level: int) -> str:
    if level == 0:
        return ""
    ground = (_FOR if level > 0 else _AGAINST)[abs(level) - 1]
    return f"#000000 on {ground}"


def _most_important(one: ShownAttribution) -> Iterator[str]:
    """The words with the largest absolute scores: score, a bar of signs, and the word."""
    scores, words = one.attribution.scores, one.attribution.words
    levels_of = levels(scores)
    for i in one.attribution.ranking()[:_NUM_WORDS]:
        bar = ("+" if scores[i] > 0 else "-") * abs(levels_of[i])
        yield f"  {scores[i]:+10.3g}  {bar:<5}  {shorten(printable(words[i]), _WORD_WIDTH)}"
    if len(words) > _NUM_WORDS:
        yield f"  ({len(words) - _NUM_WORDS} more)"
