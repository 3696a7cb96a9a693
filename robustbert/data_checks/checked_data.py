"""The rows of a dataset as its source has them, and what several checks need to know of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from robustbert.data.dataset import ALL, SPLITS, Rows
from robustbert.data.words import words_of
from robustbert.data_checks.data_report import CheckedRow
from robustbert.data_checks.same_texts import SameTexts, group_texts

#: The splits in which no row of another split may occur, in this order.
HELD_OUT = ("validation", "test")


@dataclass(frozen=True, eq=False)
class CheckedData:
    """The rows of a dataset.

    Attributes:
        rows: the rows of the source.
        texts: one per row; a row without a text has an empty one, and line breaks that the source
            declares are spaces.
        splits: the split of each row; ``"all"`` if the source has no splits.
        numbers: the number of each row in its split, from 1.
    """

    rows: Rows
    texts: tuple[str, ...]
    splits: tuple[str, ...]
    numbers: tuple[int, ...]

    @classmethod
    def of(cls, rows: Rows) -> CheckedData:
        """Prepare the rows of a source, which are not changed."""
        texts = [text or "" for text in rows.texts]
        if rows.html_breaks:
            texts = [text.replace("<br />", " ") for text in texts]
        splits = tuple(rows.published or [ALL] * len(texts))
        counts: Counter[str] = Counter()
        numbers = []
        for split in splits:
            counts[split] += 1
            numbers.append(counts[split])
        return cls(rows, tuple(texts), splits, tuple(numbers))

    @property
    def labels(self) -> Sequence[int]:
        """The label of each row, an index into the label names."""
        return self.rows.labels

    @property
    def label_names(self) -> tuple[str, ...]:
        """The name of label 0, 1, …."""
        return self.rows.label_names

    @cached_property
    def split_names(self) -> tuple[str, ...]:
        """The splits that exist: training splits first, then validation and test."""
        found = list(dict.fromkeys(self.splits))
        order = [*(name for name in found if name not in SPLITS), *SPLITS]
        return tuple(name for name in order if name in found)

    @cached_property
    def num_words(self) -> tuple[int, ...]:
        """The number of words of each text."""
        return tuple(len(words_of(text)) for text in self.texts)

    @cached_property
    def same_texts(self) -> SameTexts:
        """The rows with the same text, and with nearly the same text."""
        return group_texts(self.texts, self.rows.compared)

    def class_counts(self, split: str) -> list[int]:
        """The number of rows of each class in a split."""
        counts = Counter(
            label for label, name in zip(self.labels, self.splits, strict=True) if name == split
        )
        return [counts[label] for label in range(len(self.label_names))]

    def is_blank(self, position: int) -> bool:
        """Whether a row has no text, or only white space."""
        return not self.texts[position].strip()

    def row(self, position: int, start: int = 0) -> CheckedRow:
        """The row at a position, for findings."""
        return CheckedRow(
            split=self.splits[position],
            row=self.numbers[position],
            label=self.label_names[self.labels[position]],
            text=self.texts[position],
            start=start,
        )

    def row_list(self, positions: Iterable[int]) -> list[CheckedRow]:
        """The rows at some positions."""
        return [self.row(position) for position in positions]
