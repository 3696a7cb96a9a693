"""The arguments of a Trainer that depend on the dtype and the device."""

from __future__ import annotations

import os
from typing import Any

import transformers

from robustbert.models.devices import choose_dtype


def trainer_arguments(dtype: str, device: Any, **options: Any) -> transformers.TrainingArguments:
    """Make the arguments of a Trainer.

    Args:
        dtype: auto, float32 or bfloat16.
        device: the torch device to train on.
        options: other arguments of ``transformers.TrainingArguments``.
    """
    # transformers writes this variable for bfloat16 and otherwise keeps what it finds there, so a
    # training in float32 would use bfloat16 after another one in the same process.
    os.environ["ACCELERATE_MIXED_PRECISION"] = "no"
    arguments = transformers.TrainingArguments(
        bf16=choose_dtype(dtype, device) == "bfloat16",
        use_cpu=device.type == "cpu",
        dataloader_pin_memory=device.type == "cuda",
        **options,
    )
    # By default a process would divide each batch among all GPUs, and a batch would be as many
    # times larger.
    arguments._n_gpu = min(1, arguments.n_gpu)
    return arguments
