"""From the rows of a source to a dataset: cleaning, splitting, and what to report about them."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from robustbert.data.cleaning import CleanRows, clean
from robustbert.data.dataset import Rows, TextDataset, TextLength
from robustbert.data.splitting import SplitRow, Splits, keep_whole, split_rows
from robustbert.data.words import words_of
from robustbert.errors import RobustbertWarning

if TYPE_CHECKING:
    import datasets

LONG_TEXT_WORDS = 100
"""A dataset without a declared length is long if its median training text has more words."""


def assemble(rows: Rows, length: TextLength | None, *, whole: bool = False) -> TextDataset:
    """Clean and split the rows of a source.

    Warns if rows of separate files were dropped because they are in several of the files.

    Args:
        rows: the rows of the source.
        length: the length class; None for the one that the source declares, or else measures.
        whole: whether to keep all rows in one split called ``"all"``.

    Raises:
        DatasetError: a split or a class has no usable rows.
    """
    cleaned = clean(rows)
    splits = keep_whole(cleaned.rows, rows) if whole else split_rows(cleaned.rows, rows)
    if rows.separate and not whole:
        _warn_of_overlaps(rows, cleaned, splits)
    return TextDataset(
        name=rows.name,
        source=rows.source,
        label_names=rows.label_names,
        splits={
            name: _in_memory(members, rows.label_names) for name, members in splits.rows.items()
        },
        cleaning=replace(cleaned.cleaning, overlaps=sum(splits.dropped.values())),
        length=length or rows.length or _measured_length(splits),
    )


def _warn_of_overlaps(rows: Rows, cleaned: CleanRows, splits: Splits) -> None:
    """Say how many rows of separate files were dropped, because they leak into others."""
    sizes = Counter(rows.published)
    lost = {
        name: cleaned.repeats.get(name, 0) + splits.dropped[name]
        for name in splits.rows
        if name in sizes
    }
    found = [f"{lost[name]} of {sizes[name]} {name} rows" for name in lost if lost[name]]
    if found:
        warnings.warn(
            f"{rows.name}: {' and '.join(found)} were dropped, because another split has the same "
            "text or nearly the same (the row of the test split is kept, or else that of the "
            "validation split, unless their labels differ)",
            RobustbertWarning,
            stacklevel=2,
        )


def _measured_length(splits: Splits) -> TextLength:
    """Classify the length by the median number of words per text of the first split."""
    first: Sequence[SplitRow] = next(iter(splits.rows.values()))
    return "long" if median(len(words_of(row.text)) for row in first) > LONG_TEXT_WORDS else "short"


def _in_memory(rows: Sequence[SplitRow], label_names: Sequence[str]) -> datasets.Dataset:
    import datasets

    features = datasets.Features(
        {
            "example_id": datasets.Value("string"),
            "text": datasets.Value("string"),
            "label": datasets.ClassLabel(names=list(label_names)),
        }
    )
    columns = {
        "example_id": [row.example_id for row in rows],
        "text": [row.text for row in rows],
        "label": [row.label for row in rows],
    }
    return datasets.Dataset.from_dict(columns, features=features)
