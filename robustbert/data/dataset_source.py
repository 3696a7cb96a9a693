"""A dataset and how to read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from robustbert.data.assembly import assemble
from robustbert.data.dataset import ALL, SPLITS, Rows, TextDataset, check_length
from robustbert.data.dataset_registry import DATASETS, registered_rows
from robustbert.data.labels import encode_labels
from robustbert.data.source_checks import (
    FILE,
    HUB,
    InMemory,
    check_dataset_name,
    check_different,
    check_split,
    splits_of,
)
from robustbert.data.sources.files import read_file
from robustbert.data.sources.hub import has_split, read_hub
from robustbert.data.sources.objects import describe_object, read_object
from robustbert.data.sources.parts import SourceParts
from robustbert.errors import DatasetError, InputError
from robustbert.frozen import FrozenMapping

_NO_NAME = "data"


@dataclass(frozen=True)
class DatasetSource:
    """A dataset and how to read it; it can be pickled if its parts can.

    Either ``source`` or at least one of ``train``, ``validation`` and ``test`` is given. Splits
    that are given are kept as they are, except for rows that occur in several of them; a tenth of
    the training split becomes the validation split if there is none.

    Args:
        source: a name, an import path, ``file:PATH``, a ``Path``, ``hub:NAME``, a
            ``pandas.DataFrame``, a ``datasets.Dataset``, a pair (texts, labels), a mapping from
            splits to any of these objects or files (such as a ``datasets.DatasetDict``), or a
            :class:`TextDataset`.
        name: the name in tables; None for a name from the source.
        train: the training split: ``file:PATH``, the path of a CSV, TSV, JSON Lines or Parquet
            file, ``hub:NAME[SPLIT]`` or an object.
        validation: the validation split.
        test: the test split.
        text_column: the text column.
        label_column: the label column: whole numbers or names.
        label_names: the names of the classes in order; None to find them in the data.
        label_map: names in the data, and the names to use for them.
        length: the text length class, ``short`` or ``long``; if None, it is measured.
        whole: whether to keep all rows in one split called ``"all"``.

    Raises:
        UnknownNameError: no such dataset, split or length.
        InputError: options that contradict each other or that the dataset defines itself.
    """

    source: Any = None
    name: str | None = None
    train: Any = None
    validation: Any = None
    test: Any = None
    text_column: str = "text"
    label_column: str = "label"
    label_names: Sequence[str] | None = None
    label_map: Mapping[str, str] = FrozenMapping()
    length: str | None = None
    whole: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.source, Mapping):
            self._set(source=None, **splits_of(self.source))
        for slot in ("source", *SPLITS):
            value = getattr(self, slot)
            if isinstance(value, Path):
                value = f"{FILE}{value}"
                self._set(**{slot: value})
            if not (value is None or isinstance(value, str | InMemory)):
                self._set(**{slot: InMemory(value)})
        if not isinstance(self.label_map, Mapping):
            raise InputError(f"the label map is {self.label_map!r}; give a mapping from old to new")
        renamed = {str(key): str(value) for key, value in self.label_map.items()}
        self._set(label_map=FrozenMapping(renamed))
        if isinstance(self.label_names, str):
            raise InputError(f"the label names are the string {self.label_names!r}; give a list")
        if self.label_names is not None:
            self._set(label_names=tuple(map(str, self.label_names)))
        self._check()

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def plan_name(self) -> str:
        """A name for it that is known before the data is read."""
        value = self._named_part()
        if self.name or isinstance(value, InMemory):
            loaded = getattr(value, "value", None)
            return self.name or (loaded.name if isinstance(loaded, TextDataset) else _NO_NAME)
        is_file = self.source is None and not value.startswith(HUB)
        return Path(value.removeprefix(FILE)).stem if is_file else str(value)

    def load(self) -> TextDataset:
        """Read, clean and split the dataset.

        Raises:
            DatasetError: it cannot be read, or has no usable rows.
            MissingAssetError: the package that contains it is not installed.
            InputError: a length is given for a dataset that declares its own.
        """
        if isinstance(self.source, InMemory) and isinstance(self.source.value, TextDataset):
            return self._loaded(self.source.value)
        length = None if self.length is None else check_length(self.length)
        rows = self.read_rows()
        if self._is_registered() and length and rows.length:
            raise InputError(f"{self.source} declares its own text length; omit the text length")
        return assemble(rows, length, whole=self.whole)

    def read_rows(self) -> Rows:
        """Read the rows as the source has them, neither cleaned nor split.

        Those of a :class:`TextDataset` have been cleaned before.

        Raises:
            DatasetError: they cannot be read.
            MissingAssetError: the package that contains them is not installed.
        """
        if isinstance(self.source, InMemory) and isinstance(self.source.value, TextDataset):
            rows = self.source.value.as_rows()
        elif self._is_registered():
            rows = registered_rows(self.source)
        else:
            rows = self._encoded(self._read())
        return replace(rows, name=self.name or rows.name)

    def _check(self) -> None:
        """Check everything that can be checked without reading the data."""
        given = dict(self._splits())
        if (self.source is None) != bool(given):
            fix = "give either a source, or train, validation and test"
            raise InputError(f"a dataset has {'both' if given else 'no'} source and splits; {fix}")
        if isinstance(self.source, str):
            check_dataset_name(self.source)
        for slot, value in given.items():
            if isinstance(value, str):
                check_split(slot, value)
        check_different(given)
        if self.text_column == self.label_column:
            raise DatasetError(
                f"the column {self.text_column!r} cannot be both the text and the label; name "
                "another one with --text-column or --label-column"
            )
        if self.length is not None:
            check_length(self.length)
        names = self.label_names
        if names is not None and (len(set(names)) < max(2, len(names)) or "" in names):
            raise InputError(
                f"the label names are {', '.join(names) or 'empty'}; give at least two that differ"
            )
        if "" in self.label_map.values():
            raise InputError("the label map has an empty name; give each label a name")
        self._check_own()

    def _check_own(self) -> None:
        """Reject options for what a dataset defines itself."""
        loaded = isinstance(self.source, InMemory) and isinstance(self.source.value, TextDataset)
        if not (loaded or self._is_registered()):
            return
        place = self.source.value.name if loaded else self.source
        built_in = self.source in [entry.name for entry in DATASETS.built_in()]
        given = {
            "columns": (self.text_column, self.label_column) != ("text", "label"),
            "label names": bool(self.label_names or self.label_map),
            "text length": self.length is not None and (loaded or built_in),
        }
        for what, is_given in given.items():
            if is_given:
                raise InputError(
                    f"{place} has its own {what}; give them only for files, hub: datasets and "
                    "objects (for one of several datasets, in its [dataset.NAME] table of a suite)"
                )

    def _is_registered(self) -> bool:
        """Whether the source is a name of :data:`DATASETS` or an import path."""
        return isinstance(self.source, str) and not self.source.startswith((FILE, HUB))

    def _splits(self) -> Iterator[tuple[str, Any]]:
        """The splits that are given, the test split first: its copy of a text is kept."""
        for name in reversed(SPLITS):
            if (value := getattr(self, name)) is not None:
                yield name, value

    def _named_part(self) -> Any:
        """The part that the dataset is named after."""
        return next(
            value
            for value in (self.source, self.test, self.train, self.validation)
            if value is not None
        )

    def _read(self) -> SourceParts:
        if self.source is not None:
            return self._read_part(self.source, "the data")
        read = {name: self._read_part(value, name) for name, value in self._splits()}
        parts = {name: found.parts[ALL] for name, found in read.items()}
        named = next(read[name] for name in ("test", "train", "validation") if name in read)
        sources = list(dict.fromkeys(read[name].source for name in SPLITS if name in read))
        source = ",".join(sources)
        if len(sources) > 1 and all(one.startswith(FILE) for one in sources):
            source = "files:" + ",".join(one.removeprefix(FILE) for one in sources)
        return SourceParts(named.name, source, parts, separate=True)

    def _read_part(self, value: Any, slot: str) -> SourceParts:
        columns = self.text_column, self.label_column
        if isinstance(value, InMemory):
            place = slot if slot == "the data" else f"the {slot} data"
            part = read_object(value.value, place, *columns)
            return SourceParts(_NO_NAME, describe_object(value.value), {ALL: part})
        if value.startswith(HUB):
            spec = value.removeprefix(HUB)
            split = slot in SPLITS and not has_split(spec)
            return read_hub(f"{spec}[{slot}]" if split else spec, *columns)
        path = value.removeprefix(FILE)
        part = read_file(path, *columns)
        return SourceParts(Path(path).stem, f"{FILE}{Path(path).name}", {ALL: part})

    def _encoded(self, read: SourceParts) -> Rows:
        labels = encode_labels(read.parts, self.label_names, self.label_map, trains=not self.whole)
        parts = read.parts.items()
        return Rows(
            name=read.name,
            source=read.source,
            label_names=labels.names,
            texts=[text for _, part in parts for text in part.texts],
            labels=[label for split in read.parts for label in labels.indices[split]],
            published=[split for split, part in parts for _ in part.texts],
            separate=read.separate,
            location=", ".join(dict.fromkeys(part.place for _, part in parts)),
        )

    def _loaded(self, dataset: TextDataset) -> TextDataset:
        dataset = replace(dataset, name=self.name or dataset.name)
        if not self.whole or ALL in dataset.splits:
            return dataset
        import datasets

        return replace(
            dataset, splits={ALL: datasets.concatenate_datasets([*dataset.splits.values()])}
        )
