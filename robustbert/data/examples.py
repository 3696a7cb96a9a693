"""The examples of an evaluation: fixed by the dataset, the split and the seed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from robustbert.data.dataset import TextDataset
from robustbert.data.splitting import hash_key
from robustbert.data.words import words_of
from robustbert.errors import InputError

MORE_WORDS_THAN = 4
"""A text needs more words than this: a shorter one leaves an attack nothing to keep."""


@dataclass(frozen=True)
class Example:
    """A text with its true label and an id that depends on nothing but the two."""

    example_id: str
    text: str
    label: int


@dataclass(frozen=True)
class Examples:
    """The examples that every model and every recipe of a table is measured on."""

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
    """The first ``n`` examples of a split, in an order that the seed and the ids fix.

    Only texts of more than 4 words (:func:`robustbert.data.words.words_of`) take part. The
    examples of a smaller ``n`` are the first ones of a larger ``n``.

    Args:
        dataset: the dataset.
        split: ``"train"``, ``"validation"`` or ``"test"``.
        n: how many; None for all there are.
        seed: any whole number.

    Raises:
        DatasetError: no such split.
        InputError: ``n`` below 1 or above the number there is; the message says the number.
    """
    columns = dataset.split(split)[:]
    eligible = [
        Example(example_id, text, label)
        for example_id, text, label in zip(
            columns["example_id"], columns["text"], columns["label"], strict=True
        )
        if len(words_of(text)) > MORE_WORDS_THAN
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
