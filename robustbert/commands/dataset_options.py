"""The options that choose a dataset and say how to read it."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import names
from robustbert.errors import InputError
from robustbert.paths import user_path

if TYPE_CHECKING:
    from robustbert.data import DatasetSource

_SPLITS = ("train", "validation", "test")


def add_dataset_options(
    command: Any, *, several: bool = False, positional: bool = False, attacked: bool = True
) -> None:
    """Add ``--dataset`` or ``--datasets``, the files of splits, and how to read them.

    Args:
        command: the parser of a command.
        several: whether several datasets can be given, instead of those of a suite.
        positional: whether the dataset is the argument DATASET instead of an option.
        attacked: whether the command can attack texts, for which their length class is needed.
    """
    if several:
        command.add_argument(
            "--datasets",
            type=names,
            metavar="NAME[,NAME]",
            help="names, file:PATH or hub:NAME, separated by commas; default: from the suite",
        )
    elif positional:
        command.add_argument(
            "dataset", nargs="?", metavar="DATASET", help="a name, file:PATH or hub:NAME"
        )
        command.set_defaults(dataset_argument="DATASET")
    else:
        command.add_argument("--dataset", help="a name, file:PATH or hub:NAME")
    for split in _SPLITS:
        command.add_argument(
            f"--{split}-file",
            metavar="PATH",
            help=f"{split} split of your own dataset: a CSV, TSV, JSON Lines or Parquet file, or "
            "hub:NAME[SPLIT]; it is not split again",
        )
    for name in ("text", "label"):
        command.add_argument(
            f"--{name}-column",
            metavar="NAME",
            help=f"name of the {name} column in files and hub: datasets; default: {name}",
        )
    command.add_argument(
        "--label-names",
        type=names,
        metavar="NAME,NAME",
        help="names of the data's classes, in order; whole-number labels are indices into them; "
        "default: the labels in the data, sorted",
    )
    command.add_argument(
        "--label-map",
        type=label_map,
        metavar="OLD=NEW[,OLD=NEW]",
        help="other names for labels of the data, such as those that the model uses",
    )
    if attacked:
        _add_text_length(command)


def _add_text_length(command: Any) -> None:
    command.add_argument(
        "--text-length",
        metavar="short|long",
        help="text length class of files and hub: datasets; the unified tracks change at most "
        "30%% of the words of short texts and 10%% of long ones; default: long if the median "
        "training text has more than 100 words",
    )


def label_map(text: str) -> dict[str, str]:
    """Parse comma-separated pairs ``OLD=NEW``.

    >>> label_map("0=neg,1=pos")
    {'0': 'neg', '1': 'pos'}
    """
    found = {}
    for pair in names(text):
        old, sign, new = (part.strip() for part in pair.partition("="))
        if not (old and sign and new):
            raise argparse.ArgumentTypeError(f"{pair!r} is not a pair OLD=NEW")
        if old in found:
            raise argparse.ArgumentTypeError(f"{old!r} has two new names")
        found[old] = new
    return found


def chosen_datasets(options: Any) -> list[str | DatasetSource] | None:
    """The datasets that the options name; None if there are none.

    Raises:
        InputError: datasets and files of splits are both given, or a value is empty.
    """
    from robustbert.data import DatasetSource

    option = "datasets" if hasattr(options, "datasets") else "dataset"
    named = getattr(options, option)
    argument = getattr(options, "dataset_argument", f"--{option}")
    files = {split: getattr(options, f"{split}_file") for split in _SPLITS}
    given = [split for split in _SPLITS if files[split] is not None]
    if given and named is not None:
        raise InputError(
            f"{argument} and --{given[0]}-file are both given; give either a dataset or the files "
            "of one"
        )
    for split in given:
        if not files[split]:
            raise InputError(f"--{split}-file is empty; give a path")
    if given:
        return [DatasetSource(**files)]
    if named is None:
        return None
    if not named:
        raise InputError(f"{argument} is empty; give a name")
    return list(named) if option == "datasets" else [named]


def training_source(options: Any) -> DatasetSource:
    """The dataset to train on, and how to read it; it is named after the training file.

    Raises:
        InputError: there is none, or as :func:`chosen_datasets` does.
    """
    from robustbert.data import DatasetSource

    source = given_source(options)
    if source is None:
        raise InputError("no dataset is given; give --dataset or --train-file")
    if source.train is not None:
        source = replace(source, name=DatasetSource(train=source.train).plan_name())
    return source


def given_source(options: Any) -> DatasetSource | None:
    """The one dataset of the options, and how to read it; None if there is none.

    Raises:
        InputError: as :func:`chosen_datasets` does.
    """
    from robustbert.data import DatasetSource

    found = chosen_datasets(options)
    if found is None:
        return None
    source = DatasetSource(found[0]) if isinstance(found[0], str) else found[0]
    given = {
        "length" if name == "text_length" else name: value
        for name, value in reading_options(options).items()
        if value is not None
    }
    return replace(source, **given)


def data_files(options: Any) -> list[str]:
    """The data files that the options name, to check that no output replaces them."""
    given = [options.dataset, *(getattr(options, f"{split}_file") for split in _SPLITS)]
    return [str(user_path(name.removeprefix("file:"))) for name in given if name]


def data_words(options: Any) -> list[str]:
    """The options that choose a dataset and say how to read it, as words of a command line."""
    split_files = (f"{split}_file" for split in _SPLITS)
    fields = ("dataset", *split_files, "text_column", "label_column", "text_length")
    given = {name: getattr(options, name) for name in fields}
    given["label_names"] = ",".join(options.label_names or []) or None
    pairs = (options.label_map or {}).items()
    given["label_map"] = ",".join(f"{old}={new}" for old, new in pairs) or None
    return [
        f"--{name.replace('_', '-')}={value}" for name, value in given.items() if value is not None
    ]


def reading_options(options: Any) -> dict[str, Any]:
    """How to read the datasets: fields of :class:`robustbert.bench.Overrides`."""
    fields = ("text_column", "label_column", "label_names", "label_map", "text_length")
    return {name: getattr(options, name) for name in fields if hasattr(options, name)}
