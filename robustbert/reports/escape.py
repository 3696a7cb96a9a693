"""Escape untrusted names and texts for terminals, Markdown, HTML, LaTeX and spreadsheets."""

from __future__ import annotations

import re
import unicodedata
from html import escape

from robustbert.console import printable

_SPACE = "\u200b"  # of no width
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", _SPACE: "&#8203;"}
_MARKDOWN = re.compile(r"[\\`*\[\]~#$]|(?<![^\W_])_|_(?![^\W_])")
# GitHub turns these into links anywhere in a text.
_LINK = re.compile(r"(?<=:)/(?=/)|(?<=www)\.", re.IGNORECASE)
# GitHub makes links of e-mail addresses and of names, also where the @ is escaped.
_ADDRESS = re.compile(r"(?<=@)(?=\S)")
_REFERENCE = re.compile("(?<!&)#")

_LATEX = {
    **{character: f"\\{character}" for character in "{}%&#_$"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': r"\char34{}",  # a shorthand in some languages of babel
    "–": "--",
    "…": r"\ldots{}",
    "±": r"\ensuremath{\pm}",
    "≠": r"\ensuremath{\neq}",
    "≈": r"\ensuremath{\approx}",
    "°": r"\ensuremath{\circ}",
    "∇": r"\ensuremath{\nabla}",
    "τ": r"\ensuremath{\tau}",
    "α": r"\ensuremath{\alpha}",
    "↔": r"\ensuremath{\leftrightarrow}",
    "§": r"\S{}",
    "¶": r"\P{}",
    "†": r"\dag{}",
    "‡": r"\ddag{}",
}
# Pairs that LaTeX joins to one character, such as a dash.
_LIGATURE = re.compile(r"([-',])(?=\1)|[?!](?=`)")
_LAST_ACCENTED = "ÿ"  # all engines know the letters up to this one


def markdown(text: str) -> str:
    r"""Escape a text so that Markdown shows it literally, also in a table cell.

    An invisible character follows the ``@`` of a name or an address, so that it is no link.

    >>> markdown("a|*b*")
    'a&#124;\\*b\\*'
    >>> markdown("@me")
    '@&#8203;me'
    """
    text = _ADDRESS.sub(_SPACE, printable(text))
    text = _MARKDOWN.sub(lambda match: "\\" + match.group(), text)
    text = _LINK.sub(lambda match: "\\" + match.group(), text)
    return "".join(_ENTITIES.get(character, character) for character in text)


def comment(text: str) -> str:
    r"""Escape a text for a comment on GitHub or GitLab, where a number can refer to an issue.

    As :func:`markdown`; in addition an invisible character follows each ``#``.

    >>> comment("@me #1")
    '@&#8203;me \\#&#8203;1'
    """
    return _REFERENCE.sub("#&#8203;", markdown(text))


def html(text: str) -> str:
    """Escape a text so that HTML shows it literally, also in an attribute.

    >>> html("<b>a & b</b>")
    '&lt;b&gt;a &amp; b&lt;/b&gt;'
    """
    return escape(printable(text))


def latex(text: str) -> str:
    r"""Escape a text so that LaTeX shows it literally, also in a table cell or a caption.

    Characters that not all engines know are shown as their code: pdfLaTeX would stop at them, and
    the others leave them out if the font has none.

    >>> latex("50% of a_b")
    '50\\% of a\\_b'
    >>> latex("猫")
    '\\textbackslash{}u732b'
    """
    text = _LIGATURE.sub(lambda match: f"{match.group()}\0", printable(text))
    text = "".join(map(_latex_character, text)).replace("\0", "{}")
    # "\\\\" at the end of a row and "\\item" read these as their argument
    return f"{{}}{text}" if text.startswith(("[", "*")) else text


def _latex_character(character: str) -> str:
    if character in _LATEX:
        return _LATEX[character]
    if character.isascii() or (character.isalpha() and character <= _LAST_ACCENTED):
        return character
    code = character.encode("unicode_escape").decode()
    return code.replace("\\", _LATEX["\\"])


def spreadsheet(text: str) -> str:
    """Protect against formula injection: prefix an apostrophe to a leading ``= + - @``.

    This includes their full-width forms, which some spreadsheets treat as the ASCII character.

    >>> spreadsheet("=1+1")
    "'=1+1"
    """
    text = printable(text)
    start = unicodedata.normalize("NFKC", text).lstrip()
    return f"'{text}" if start.startswith(("=", "+", "-", "@")) else text


def shorten(text: str, width: int) -> str:
    """Shorten a text to ``width`` characters by eliding its middle.

    The ends are kept because they distinguish paths.

    >>> shorten("runs/first/checkpoint", 11)
    'runs/…point'
    """
    if len(text) <= width:
        return text
    start = (width - 1) // 2
    return f"{text[:start]}…{text[len(text) - (width - 1 - start) :]}"
