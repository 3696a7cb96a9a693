"""``robustbert predict``."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from robustbert.commands.arguments import add_command, add_dtype_and_device, add_labels
from robustbert.commands.terminal import print_error
from robustbert.errors import InputError


def add_predict(subparsers: Any) -> None:
    """Add the command ``predict``."""
    command = add_command(
        subparsers, "predict", predict, "classify texts and print one JSON object per line"
    )
    command.add_argument("texts", nargs="*", metavar="TEXT")
    command.add_argument("--model", required=True, help="a folder or hub:NAME")
    command.add_argument(
        "--file",
        type=Path,
        help="a CSV, TSV, JSON Lines or Parquet file with a text column; any other file is UTF-8 "
        "with one text per line; - for standard input",
    )
    command.add_argument(
        "--text-column",
        metavar="NAME",
        help="name of the text column of --file; default: text",
    )
    add_labels(command)
    add_dtype_and_device(command, "inference")


def predict(options: Any) -> int:
    """Run ``robustbert predict``."""
    from robustbert.bench import check_dtype_and_device
    from robustbert.models import load_model
    from robustbert.models.predict import predict as predict_texts
    from robustbert.reports.wording import counted

    texts = [*options.texts, *_texts(options.file, options.text_column)]
    if not texts:
        raise InputError("no text to classify; give TEXT arguments or --file")
    check_dtype_and_device(options.dtype, options.device)
    model = load_model(
        options.model, dtype=options.dtype, device=options.device, labels=options.labels
    )
    predictions = predict_texts(model, texts)
    for prediction in predictions:
        print(json.dumps(dataclasses.asdict(prediction)))
    if truncated := sum(prediction.truncated for prediction in predictions):
        print_error(
            f"warning: truncated {truncated} of {counted(len(texts), 'text')} to the model's "
            f"maximum length, {model.info.max_length} tokens"
        )
    return 0


def _texts(file: Path | None, column: str | None) -> list[str]:
    from robustbert.data.sources.columns import SUFFIXES

    if file is not None and file.suffix.lower() in SUFFIXES:
        return _column(file, column or "text")
    if column is not None:
        raise InputError(
            f"--text-column needs a --file in one of the formats {', '.join(SUFFIXES)}"
        )
    return [] if file is None else _lines(file)


def _column(file: Path, column: str) -> list[str]:
    from robustbert.data.sources.columns import read_table

    if not file.exists():
        raise InputError(f"cannot read {file}: there is no such file; check the path")
    texts = read_table(file, (column,))[column]
    for number, text in enumerate(texts, start=1):
        if not isinstance(text, str) or not text.strip():
            raise InputError(
                f"{file}: row {number} has no text in the column {column!r}; remove the row"
            )
    return texts


def _lines(file: Path) -> list[str]:
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}; give a text file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 (byte {error.start}); convert it") from error
    # Not splitlines, which also splits at control characters that a text may contain.
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if lines == [""]:
        raise InputError(f"{file} is empty; give one text per line")
    return lines
