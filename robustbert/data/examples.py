"""The examples of an evaluation, determined by dataset, split and seed."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from robustbert.data.dataset import ALL, TextDataset
from robustbert.data.splitting import hash_key
from robustbert.data.words import words_of
from robustbert.errors import InputError

MIN_WORDS = 5
"""The minimum number of words: changing one word of a shorter text changes too much of it."""


@dataclass(frozen=True)
class Example:
    """A text, its true label, and an id that depends only on these two."""

    example_id: str
    text: str
    label: int


#: How many examples a notebook shows.
_SHOWN = 10


@dataclass(frozen=True, repr=False)
class Examples(Sequence[Example]):
    """The examples on which every model and recipe of a table is evaluated: a sequence.

    Attributes:
        dataset: the name of the dataset.
        source: where its rows come from.
        split: the split that the examples belong to.
        seed: the seed that determines their order.
        label_names: the name of label 0, 1, ….
        items: the examples, in order.
    """

    dataset: str
    source: str
    split: str
    seed: int
    label_names: tuple[str, ...]
    items: tuple[Example, ...]

    @property
    def sha256(self) -> str:
        """A hash over the ids, in order."""
        ids = "".join(f"{example.example_id}\n" for example in self.items)
        return hashlib.sha256(ids.encode()).hexdigest()

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Example]: ...
    def __getitem__(self, index: int | slice) -> Example | Sequence[Example]:
        return self.items[index]

    def __repr__(self) -> str:
        return (
            f"<{len(self)} examples of {self.dataset} ({self.split} split, seed {self.seed}; "
            f"labels {', '.join(self.label_names)})>"
        )

    def _repr_html_(self) -> str:
        """A table of the first examples; texts are escaped."""
        import pandas as pd

        shown = self.items[:_SHOWN]
        rows = [(self.label_names[example.label], example.text) for example in shown]
        frame = pd.DataFrame(rows, columns=["label", "text"])
        return f"{html.escape(repr(self)[1:-1])}{frame.to_html(escape=True, index=False, border=0)}"


def select_examples(dataset: TextDataset, split: str, n: int | None, seed: int) -> Examples:
    """Select the first ``n`` examples of a split, in an order determined by the seed and the ids.

    Only texts of more than 4 words (:func:`robustbert.data.words.words_of`) are eligible. A smaller
    selection is a prefix of a larger one.

    Args:
        dataset: the dataset.
        split: one of the dataset's splits: ``"train"``, ``"validation"``, ``"test"`` or ``"all"``.
        n: the number of examples; None for all.
        seed: any integer.

    Raises:
        DatasetError: there is no such split.
        InputError: ``n`` is below 1 or above the number of eligible texts; the message gives this
            number.
    """
    columns = dataset.split(split)[:]
    eligible = [
        Example(example_id, text, label)
        for example_id, text, label in zip(
            columns["example_id"], columns["text"], columns["label"], strict=True
        )
        if len(words_of(text)) >= MIN_WORDS
    ]
    place = dataset.name if split == ALL else f"{dataset.name}'s {split} split"
    if not eligible:
        raise InputError(
            f"{place} has no text of more than 4 words, which attacks need; choose other texts"
        )
    if n is not None and not 1 <= n <= len(eligible):
        raise InputError(
            f"cannot take {n} examples: {place} has {len(eligible)} texts of more than 4 words; "
            f"choose 1 to {len(eligible)}"
        )
    eligible.sort(key=lambda example: hash_key(seed, example.example_id))
    return Examples(
        dataset=dataset.name,
        source=dataset.source,
        split=split,
        seed=seed,
        label_names=dataset.label_names,
        items=tuple(eligible[:n]),
    )
