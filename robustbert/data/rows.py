"""What every source hands over: texts with labels, not yet cleaned or split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SourceOrder:
    """What the order of a source's rows says: neighbours are about the same thing.

    Attributes:
        block: splits are made of whole blocks of so many source rows, at least 1.
        separation: rows of two splits stand more than so many source rows apart, at least 0.
    """

    block: int
    separation: int


@dataclass(frozen=True)
class Rows:
    """The rows of a source, in its order.

    Attributes:
        name: what tables will call the dataset.
        source: what brought it.
        label_names: the name of label 0, 1, ….
        texts: one text per row; None where the source has none.
        labels: one index into ``label_names`` per row.
        published: the split of each row where the source has its own splits, else None: then the
            splits are made here.
        compared: per row, the part of the text in which near-duplicates are looked for; None for
            the whole text.
        order: what the order of the rows says; None if nothing.
        html_breaks: whether ``<br />`` in the texts means a line break.
    """

    name: str
    source: str
    label_names: tuple[str, ...]
    texts: Sequence[str | None]
    labels: Sequence[int]
    published: Sequence[str] | None = None
    compared: Sequence[str] | None = None
    order: SourceOrder | None = None
    html_breaks: bool = False
