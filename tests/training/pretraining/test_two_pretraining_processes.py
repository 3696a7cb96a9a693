"""Pre-training with two processes, whose gradients torch averages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from robustbert.training import PretrainingConfig, pretrain
from tests.tiny import make_tiny_bert
from tests.training.pretraining.conftest import make_documents


def run(base: Path, out: Path, batch_size: int) -> None:
    """Pre-train on pairs, whose loss is the same mean however they are divided into batches."""
    config = PretrainingConfig(
        objectives=("nsp",),
        steps=3,
        batch_size=batch_size,
        learning_rate=1e-3,
        max_length=32,
        dtype="float32",
        device="cpu",
    )
    pretrain(None, str(base), config, out, texts=make_documents(24))


@pytest.mark.slow
def test_two_processes_train_the_model_of_one(tmp_path):
    import torch
    from safetensors.torch import load_file

    base = make_tiny_bert(tmp_path / "base", weight_std=0.1)
    settings = json.loads((base / "config.json").read_text())
    without = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (base / "config.json").write_text(json.dumps(settings | without))
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", __spec__.name, str(rank), str(tmp_path)],
            # as accelerate launch sets them; the processes have met before they are read
            env=os.environ
            | {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"}
            | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500", "ACCELERATE_USE_CPU": "true"}
            | {"CUDA_VISIBLE_DEVICES": ""},  # even then a process takes the GPU of its rank
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    run(base, tmp_path / "one", batch_size=8)
    for process in processes:
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "two"))
    start = load_file(base / "model.safetensors")
    # AdamW divides by the size of the gradient, so rounding shows where that is nearly 0
    for name, weights in one.items():
        torch.testing.assert_close(two[name], weights, atol=1e-4, rtol=1e-3)
    name = "bert.encoder.layer.0.output.dense.weight"
    assert (one[name] - start[name]).abs().max() > 1e-3, "the steps changed the weights"


def _run_process(rank: int, folder: Path) -> None:
    import torch

    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=2
    )
    run(folder / "base", folder / "two", batch_size=4)
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    _run_process(int(sys.argv[1]), Path(sys.argv[2]))
