"""From a source's rows to texts that are there, tidy, and each there once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.data.dataset import Cleaning, Rows
from robustbert.errors import DatasetError

# White space, but not the separators U+001C to U+001F nor U+0085, which Python counts as white
# space too: those are control characters, data to be kept (IMDB has U+0085 for an ellipsis).
# A lone blank is left out, because replacing each by itself would take most of the time.
_FOLDED = re.compile(r"[^\S\x1c-\x1f\x85]{2,}|[^\S \x1c-\x1f\x85]")


@dataclass(frozen=True)
class CleanRow:
    """A text that stays: never empty, never twice.

    Attributes:
        text: the cleaned text.
        label: an index into the label names.
        published: the split that the source gave it, or None.
        position: the number of its row in the source, from 0.
        compared: the part of the text in which near-duplicates are looked for.
    """

    text: str
    label: int
    published: str | None
    position: int
    compared: str


@dataclass(frozen=True)
class CleanRows:
    """The rows that stay, in the source's order, and the count of what was done."""

    rows: tuple[CleanRow, ...]
    cleaning: Cleaning


def fold_white_space(text: str) -> str:
    r"""Every run of white space as one blank, none at the ends; control characters stay.

    >>> fold_white_space("  a\u00a0 fine\r\nfilm\x00 ")
    'a fine film\x00'
    """
    return _FOLDED.sub(" ", text).strip(" ")


def clean(rows: Rows) -> CleanRows:
    """Tidy the texts of ``rows`` and drop the empty, the repeated and the contradictory ones.

    Of a repeated text the first stays; of a text with two labels none does, because nothing says
    which label is right.

    Raises:
        DatasetError: a text is no Unicode text (it holds half of a surrogate pair).
    """
    breaks = 0
    texts = []
    for number, raw in enumerate(rows.texts, start=1):
        text = raw or ""
        if rows.html_breaks and "<br />" in text:
            text = text.replace("<br />", " ")
            breaks += 1
        texts.append(_checked(fold_white_space(text), rows.source, number))

    labels_of: dict[str, set[int]] = {}
    for text, label in zip(texts, rows.labels, strict=True):
        labels_of.setdefault(text, set()).add(label)

    kept = []
    seen = set()
    empty = duplicates = conflicts = 0
    published: Sequence[str | None] = rows.published or [None] * len(texts)
    compared = rows.compared or texts
    columns = zip(texts, rows.labels, published, compared, strict=True)
    for position, (text, label, split, part) in enumerate(columns):
        if not text.strip():
            empty += 1
        elif len(labels_of[text]) > 1:
            conflicts += 1
        elif text in seen:
            duplicates += 1
        else:
            seen.add(text)
            kept.append(CleanRow(text, label, split, position, part))
    cleaning = Cleaning(
        rows=len(texts), empty=empty, duplicates=duplicates, conflicts=conflicts, breaks=breaks
    )
    return CleanRows(tuple(kept), cleaning)


def _checked(text: str, source: str, number: int) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise DatasetError(
            f"{source}: the text of row {number} holds half of a surrogate pair, which is no "
            "character; save the texts as UTF-8"
        ) from None
    return text
