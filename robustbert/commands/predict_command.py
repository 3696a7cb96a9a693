"""``robustbert predict``."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from robustbert.commands.arguments import add_command, add_dtype_and_device
from robustbert.errors import InputError


def add_predict(subparsers: Any) -> None:
    """Add the command ``predict``."""
    command = add_command(
        subparsers, "predict", predict, "classify texts and print one JSON object per line"
    )
    command.add_argument("texts", nargs="*", metavar="TEXT")
    command.add_argument("--model", required=True, help="a folder or hub:NAME")
    command.add_argument(
        "--file", type=Path, help="UTF-8 file with one text per line; - for standard input"
    )
    add_dtype_and_device(command, "inference")


def predict(options: Any) -> int:
    """Run ``robustbert predict``."""
    from robustbert.bench import check_dtype_and_device
    from robustbert.models import classify

    texts = [*options.texts, *_lines(options.file)]
    if not texts:
        raise InputError("no text to classify; give TEXT arguments or --file")
    check_dtype_and_device(options.dtype, options.device)
    for prediction in classify(
        texts, model=options.model, dtype=options.dtype, device=options.device
    ):
        print(json.dumps(dataclasses.asdict(prediction)))
    return 0


def _lines(file: Path | None) -> list[str]:
    if file is None:
        return []
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
