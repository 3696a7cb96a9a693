"""What every source hands over: texts with labels, not yet cleaned or split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Rows:
    """The rows of a source, in its order.

    Attributes:
        name: what tables will call the dataset.
        source: what brought it.
        label_names: the name of label 0, 1, ….
        texts: a text a row; None where the source has none.
        labels: an index into ``label_names`` a row.
        published: the split a row belongs to where the source has its own splits, else None:
            then the splits are made here.
        html_breaks: whether ``<br />`` in the texts means a line break.
    """

    name: str
    source: str
    label_names: tuple[str, ...]
    texts: Sequence[str | None]
    labels: Sequence[int]
    published: Sequence[str] | None = None
    html_breaks: bool = False
