"""``robustbert pretrain``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import add_command, add_dtype_and_device, integer, names
from robustbert.commands.dataset_options import add_dataset_options, given_source, reading_options
from robustbert.commands.input_texts import texts_of_file
from robustbert.commands.terminal import INTERRUPTED, print_error
from robustbert.errors import InputError

if TYPE_CHECKING:
    from robustbert.data import TextDataset
    from robustbert.training import PretrainedModel

#: The options that are settings of the training.
_SETTINGS = (
    *("objectives", "steps", "batch_size", "learning_rate", "max_length", "masking"),
    *("mask_share", "held_out", "frozen_layers", "seed", "dtype", "device"),
)


def add_pretrain(subparsers: Any) -> None:
    """Add the command ``pretrain``."""
    command = add_command(
        subparsers, "pretrain", pretrain, "continue the pre-training of a BERT on domain texts"
    )
    command.add_argument(
        "--model", required=True, help="the base to pre-train: a name, a folder or hub:NAME"
    )
    command.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for the pre-trained base; must be new or empty",
    )
    command.add_argument(
        "--texts",
        type=Path,
        metavar="FILE",
        help="documents, besides the training split of the dataset if one is given: a CSV, TSV, "
        "JSON Lines or Parquet file with a text column; any other file is UTF-8 with one document "
        "per line",
    )
    command.add_argument(
        "--objectives",
        type=names,
        metavar="NAME[,NAME]",
        help="mlm (masked language modelling), nsp (next sentence prediction), or mlm,nsp; "
        "default: mlm",
    )
    _add_settings(command)
    command.add_argument(
        "--resume", action="store_true", help="resume from the last checkpoint in --out"
    )
    add_dtype_and_device(command, "pre-training; held-out texts are measured in float32")
    add_dataset_options(command, attacked=False)


def _add_settings(command: Any) -> None:
    for option, kind, metavar, text in (
        ("--steps", integer, "N", "number of optimizer steps; default: 1000"),
        ("--batch-size", integer, "N", "rows per step; default: 32"),
        ("--learning-rate", float, "X", "peak learning rate; default: 1e-4"),
        ("--max-length", integer, "N", "maximum number of tokens per row; default: 128"),
        ("--masking", str, "word|subword", "what is masked as one; default: word"),
        ("--mask-share", float, "X", "share of the tokens to predict; default: 0.15"),
        ("--held-out", float, "X", "share of the documents to measure on; default: 0.05"),
        ("--frozen-layers", integer, "N", "lowest layers that are not trained; default: 0"),
        ("--seed", integer, "N", "training seed; default: 0"),
    ):
        command.add_argument(option, type=kind, metavar=metavar, help=text)


def pretrain(options: Any) -> int:
    """Run ``robustbert pretrain``."""
    from robustbert.bench import check_dtype_and_device
    from robustbert.training import check_pretraining, make_pretraining_config
    from robustbert.training import pretrain as run

    config = make_pretraining_config(
        {name: getattr(options, name) for name in _SETTINGS if getattr(options, name) is not None}
    )
    check_dtype_and_device(options.dtype, options.device)
    # before the texts are read, which may take long
    check_pretraining(options.model, options.out)
    texts, source = _texts(options)
    dataset = _dataset(options)
    try:
        made = run(
            dataset,
            options.model,
            config,
            options.out,
            texts=texts,
            texts_source=source,
            resume=options.resume,
        )
    except KeyboardInterrupt:
        print_error("interrupted; to resume, run the same command with --resume")
        return INTERRUPTED
    _print(made)
    return 0


def _texts(options: Any) -> tuple[list[str], str]:
    """The documents of the file, and what it is called in records."""
    from robustbert.data.sources.columns import SUFFIXES

    if options.texts is None:
        return [], "texts"
    is_table = options.texts.suffix.lower() in SUFFIXES
    column = options.text_column if is_table or not _has_columns(options) else None
    return texts_of_file(options.texts, column, option="--texts"), f"file:{options.texts.name}"


def _dataset(options: Any) -> TextDataset | None:
    """The dataset of the options.

    Raises:
        InputError: there is neither a dataset nor a file of texts, or an option is about a dataset
            and there is none.
    """
    if options.texts is not None and not _has_columns(options):
        options = argparse.Namespace(**{**vars(options), "text_column": None})
    source = given_source(options)
    if source is None:
        if options.texts is None:
            raise InputError("no text is given; give --dataset, --train-file or --texts")
        for name, value in reading_options(options).items():
            if value is not None:
                raise InputError(
                    f"--{name.replace('_', '-')} is about a dataset, and there is none; leave it "
                    "out, or give --dataset or --train-file"
                )
        return None
    return source.load()


def _has_columns(options: Any) -> bool:
    """Whether a dataset is given that ``--text-column`` can be about."""
    named = options.dataset or ""
    return options.train_file is not None or named.startswith(("file:", "hub:"))


def _print(made: PretrainedModel) -> None:
    before = made.before.lines()
    for name, after in made.after.lines().items():
        print(f"held-out {name}: {after}; before: {before[name]}")
    print(f"{made.seconds:.0f} s; the pre-trained base is in {made.folder}")
