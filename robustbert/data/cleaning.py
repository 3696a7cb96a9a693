"""Cleaning the rows of a source: white space, empty texts, duplicates and conflicts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from robustbert.data.dataset import Cleaning, Rows
from robustbert.errors import DatasetError

# White space without U+001C to U+001F and U+0085, which Python counts as white space: they are
# control characters, which are kept (IMDB has U+0085 for an ellipsis). Single spaces are not
# matched, because replacing each of them by itself would take most of the time.
_WHITE_SPACE = re.compile(r"[^\S\x1c-\x1f\x85]{2,}|[^\S \x1c-\x1f\x85]")


@dataclass(frozen=True)
class CleanRow:
    """A cleaned row: its text is not empty and occurs once.

    Attributes:
        text: the cleaned text.
        label: an index into the label names.
        published: its split in the source, or None.
        position: its row number in the source, from 0.
        compared: the part of the text that near-duplicate detection uses.
    """

    text: str
    label: int
    published: str | None
    position: int
    compared: str


@dataclass(frozen=True)
class CleanRows:
    """The remaining rows in the source's order, and how many were dropped or changed.

    Attributes:
        rows: the remaining rows.
        cleaning: how many rows were dropped or changed.
        repeats: per published split, how many of its rows were dropped because another split has
            the same text.
    """

    rows: tuple[CleanRow, ...]
    cleaning: Cleaning
    repeats: Mapping[str, int]


def fold_white_space(text: str) -> str:
    r"""Collapse runs of white space to single spaces and strip; control characters are kept.

    >>> fold_white_space("  a\u00a0 fine\r\nfilm\x00 ")
    'a fine film\x00'
    """
    return _WHITE_SPACE.sub(" ", text).strip(" ")


def clean(rows: Rows) -> CleanRows:
    """Normalize white space and drop empty, duplicate and conflicting texts.

    The first of several duplicates is kept. All copies of a text with different labels are dropped,
    because the correct label is unknown.

    Raises:
        DatasetError: a text is not valid Unicode (it contains a lone surrogate).
    """
    html_breaks = 0
    texts = []
    for number, raw in enumerate(rows.texts, start=1):
        text = raw or ""
        if rows.html_breaks and "<br />" in text:
            text = text.replace("<br />", " ")
            html_breaks += 1
        texts.append(_checked(fold_white_space(text), rows.place, number))

    published: Sequence[str | None] = rows.published or [None] * len(texts)
    labels_of: dict[str, set[int]] = {}
    splits_of: dict[str, set[str | None]] = {}
    for text, label, split in zip(texts, rows.labels, published, strict=True):
        labels_of.setdefault(text, set()).add(label)
        splits_of.setdefault(text, set()).add(split)

    kept = []
    split_of: dict[str, str | None] = {}
    repeats: Counter[str] = Counter()
    empty = duplicates = conflicts = 0
    compared = rows.compared or texts
    columns = zip(texts, rows.labels, published, compared, strict=True)
    for position, (text, label, split, part) in enumerate(columns):
        if not text.strip():
            empty += 1
        elif len(labels_of[text]) > 1:
            conflicts += 1
            repeats[str(split)] += len(splits_of[text]) > 1
        elif text in split_of:
            duplicates += 1
            repeats[str(split)] += split_of[text] != split
        else:
            split_of[text] = split
            kept.append(CleanRow(text, label, split, position, part))
    cleaning = Cleaning(
        rows=len(texts),
        empty=empty,
        duplicates=duplicates,
        conflicts=conflicts,
        html_breaks=html_breaks,
    )
    return CleanRows(tuple(kept), cleaning, repeats)


def _checked(text: str, source: str, number: int) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise DatasetError(
            f"{source}: the text of row {number} contains a lone surrogate, which is not a "
            "valid character; save the texts as UTF-8"
        ) from None
    return text
