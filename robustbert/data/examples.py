"""The examples of an evaluation, determined by dataset, split and seed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from robustbert.data.dataset import TextDataset
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


@dataclass(frozen=True)
class Examples:
    """The examples on which every model and recipe of a table is evaluated."""

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
    available = f"{dataset.name}'s {split} split has {len(eligible)} texts of more than 4 words"
    if not eligible:
        raise InputError(f"{available}; choose another split or dataset")
    if n is not None and not 1 <= n <= len(eligible):
        raise InputError(f"cannot take {n} examples: {available}; choose 1 to {len(eligible)}")
    eligible.sort(key=lambda example: hash_key(seed, example.example_id))
    return Examples(
        dataset=dataset.name,
        source=dataset.source,
        split=split,
        seed=seed,
        label_names=dataset.label_names,
        items=tuple(eligible[:n]),
    )
