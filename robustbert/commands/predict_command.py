"""``robustbert predict``."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from robustbert.commands.arguments import add_command, add_dtype_and_device, add_labels
from robustbert.commands.input_texts import add_texts, read_texts
from robustbert.commands.terminal import print_error
from robustbert.errors import InputError


def add_predict(subparsers: Any) -> None:
    """Add the command ``predict``."""
    command = add_command(
        subparsers, "predict", predict, "classify texts and print one JSON object per line"
    )
    add_texts(command)
    command.add_argument("--model", required=True, help="a folder or hub:NAME")
    add_labels(command)
    add_dtype_and_device(command, "inference")


def predict(options: Any) -> int:
    """Run ``robustbert predict``."""
    from robustbert.bench import check_dtype_and_device
    from robustbert.models import load_model
    from robustbert.models.predict import predict as predict_texts
    from robustbert.reports.wording import counted

    texts = read_texts(options)
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
