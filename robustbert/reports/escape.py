"""Names and texts come from anywhere: made harmless for a terminal, Markdown and spreadsheets."""

from __future__ import annotations

import re
import unicodedata

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
_MARKDOWN = re.compile(r"[\\`*\[\]~#$]|(?<![^\W_])_|_(?![^\W_])")
# GitHub turns these into links wherever they stand.
_LINK = re.compile(r"(?<=:)/(?=/)|(?<=\bwww)\.", re.IGNORECASE)


def printable(text: str) -> str:
    r"""One line without control, bidirectional or surrogate characters: they become escapes.

    >>> printable("a\x1b[31mb\n")
    'a\\x1b[31mb\\n'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def markdown(text: str) -> str:
    r"""Text that Markdown shows as it is, in a table cell too: no markup, link or HTML.

    >>> markdown("a|*b*")
    'a&#124;\\*b\\*'
    """
    text = _MARKDOWN.sub(lambda match: "\\" + match.group(), printable(text))
    text = _LINK.sub(lambda match: "\\" + match.group(), text)
    return "".join(_ENTITIES.get(character, character) for character in text)


def spreadsheet(text: str) -> str:
    """Text that a spreadsheet takes for text: a leading ``= + - @`` gets an apostrophe before it.

    Their full-width forms too, which some spreadsheets read as the sign itself.

    >>> spreadsheet("=1+1")
    "'=1+1"
    """
    text = printable(text)
    start = unicodedata.normalize("NFKC", text).lstrip()
    return f"'{text}" if start.startswith(("=", "+", "-", "@")) else text


def shorten(text: str, width: int) -> str:
    """At most ``width`` characters, the middle left out: ends tell paths apart.

    >>> shorten("runs/first/checkpoint", 11)
    'runs/…point'
    """
    if len(text) <= width:
        return text
    start = (width - 1) // 2
    return f"{text[:start]}…{text[len(text) - (width - 1 - start) :]}"
