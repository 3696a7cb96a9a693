"""Loading a dataset from a name, files or objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from robustbert.data.dataset import ALL, SPLITS, TextDataset
from robustbert.data.dataset_source import DatasetSource
from robustbert.errors import UnknownNameError


def load_dataset(
    source: Any,
    *,
    name: str | None = None,
    text_column: str = "text",
    label_column: str = "label",
    label_names: Sequence[str] | None = None,
    label_map: Mapping[str, str] | None = None,
    length: str | None = None,
    split: str | None = None,
) -> TextDataset:
    """Load, clean and split a dataset.

    White space is normalized; empty, duplicate and conflicting texts are dropped and counted. The
    splits are 80/10/10, stratified by class and deterministic. The published splits of a hub
    dataset and the splits of a mapping are kept. Near-duplicates across splits are dropped.

    Args:
        source: a name in :data:`DATASETS`, an import path, ``file:PATH`` (CSV, TSV, JSON Lines or
            Parquet) or a ``Path``, ``hub:NAME`` (``hub:NAME@REVISION``, ``hub:NAME[SPLIT]``), a
            ``pandas.DataFrame``, a ``datasets.Dataset``, a pair (texts, labels) of sequences, or a
            mapping from ``"train"``, ``"validation"`` and ``"test"`` to objects or files, such as a
            ``datasets.DatasetDict``. An object is not changed.
        name: the name in tables; None for that of the file or hub dataset, or ``"data"``.
        text_column: the text column of a file, hub dataset, frame or ``datasets.Dataset``.
        label_column: its label column: whole numbers or names.
        label_names: the names of the classes in order; whole-number labels are indices into them.
            None to find them in the data.
        label_map: names in the data, and the names to use for them.
        length: ``"short"`` or ``"long"``, for a dataset that does not declare its length. If None,
            it is measured: long if the median training text has more than 100 words.
        split: ``"all"`` to keep all rows in one split of that name; ``"train"``, ``"validation"``
            or ``"test"`` to use a file, a split on the hub or an object as this split; None to
            split the data.

    Raises:
        UnknownNameError: no such name, split, label or length; the message suggests similar ones.
        DatasetError: the dataset cannot be read or has no usable rows.
        MissingAssetError: the package that contains the dataset is not installed.
        InputError: columns, label names or a length are given for a dataset that defines them
            itself.

    >>> texts = ["a fine film", "a dull film", "good", "bad", "so good", "so bad"]
    >>> dataset = load_dataset((texts, ["pos", "neg"] * 3), split="test")
    >>> dataset.label_names, len(dataset.split("test"))
    (('neg', 'pos'), 6)
    """
    if split not in (None, ALL, *SPLITS):
        raise UnknownNameError("split", split, (*SPLITS, ALL))
    slot = "source" if split in (None, ALL) else split
    return DatasetSource(
        **{slot: source},
        name=name,
        text_column=text_column,
        label_column=label_column,
        label_names=label_names,
        label_map=label_map or {},
        length=length,
        whole=split == ALL,
    ).load()
