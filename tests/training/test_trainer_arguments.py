from __future__ import annotations

from pathlib import Path

import pytest
import torch
from accelerate import Accelerator

from robustbert.training.trainer_arguments import trainer_arguments


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_an_earlier_training_of_the_process_does_not_change_the_dtype(
    dtype: str, tmp_path: Path
) -> None:
    def mixed_precision(dtype: str) -> str:
        arguments = trainer_arguments(dtype, torch.device("cpu"), output_dir=str(tmp_path))
        assert arguments.bf16 == (dtype == "bfloat16")
        return str(Accelerator().mixed_precision)

    for earlier in ("bfloat16", "float32"):
        mixed_precision(earlier)
        assert mixed_precision(dtype) == {"float32": "no", "bfloat16": "bf16"}[dtype]
