"""Training defenses with two processes, whose gradients torch averages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.defenses.cases import CASES, LOSSES, Case
from tests.defenses.perturbed import (
    attach,
    gradients,
    make_inputs,
    make_network,
    toy_dataset,
    weights_by_step,
    weights_hash,
)


def gradients_of_steps(
    case: Case, base: Path, rank: int, *, parallel: bool
) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """The gradients that a process has accumulated after some steps on its own texts.

    Also what the first step added to the value that the processes share, if there is one.
    """
    defense = case.make()
    network = model = make_network(base, dropout=0.1)
    attach(defense, network)
    before = network.state_dict().get(case.shared, torch.zeros(1)).clone()
    if parallel:  # as the Trainer of transformers does
        model = torch.nn.parallel.DistributedDataParallel(network, find_unused_parameters=True)
    inputs = make_inputs()
    inputs["input_ids"] = inputs["input_ids"].roll(rank, dims=0)
    inputs["attention_mask"] = inputs["attention_mask"].roll(rank, dims=0)
    torch.manual_seed(rank)
    for _ in range(1 if case.shared else 2):
        defense.training_loss(model, inputs).backward()
    return gradients(network), network.state_dict().get(case.shared, torch.zeros(1)) - before


def run_process(rank: int, victim: Path, base: Path, folder: Path) -> None:
    """One of two processes: save the gradients of each loss, and train with each defense."""
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=2
    )
    for case in LOSSES:
        found = gradients_of_steps(case, victim, rank, parallel=True)
        torch.save(found, folder / f"{case.name}-{rank}.pt")
    for case in CASES:
        trained = weights_by_step(case.make(), toy_dataset(), base, folder / case.name)
        (folder / f"{case.name}-{rank}.json").write_text(json.dumps(trained))
    torch.distributed.destroy_process_group()


@pytest.fixture(scope="module")
def two_processes(tiny_victim: Path, tiny_base: Path, tmp_path_factory) -> Path:
    """The folder into which two processes wrote their gradients and weights."""
    folder: Path = tmp_path_factory.mktemp("processes")
    arguments = [str(path) for path in (tiny_victim, tiny_base, folder)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", __spec__.name, str(rank), *arguments],
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
    for process in processes:
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors
    return folder


@pytest.mark.slow
def test_gradients_are_averaged_over_processes(two_processes, tiny_victim):
    for case in LOSSES:
        (first, added), (second, also) = (
            gradients_of_steps(case, tiny_victim, rank, parallel=False) for rank in range(2)
        )
        for rank in range(2):
            found, shared = torch.load(two_processes / f"{case.name}-{rank}.pt")
            assert found.keys() == first.keys()
            torch.testing.assert_close(shared, added + also)
            for key, gradient in found.items():
                torch.testing.assert_close(gradient, (first[key] + second[key]) / 2)


@pytest.mark.slow
def test_processes_train_one_model(two_processes):
    for case in CASES:
        first, second = (
            json.loads((two_processes / f"{case.name}-{rank}.json").read_text())
            for rank in range(2)
        )
        assert first == second
        assert len(first) >= 8, "no fewer than of one process; added rows need more"
        assert len(set(first.values())) == len(first), "each step changes the weights"
        assert weights_hash(two_processes / case.name)


if __name__ == "__main__":
    run_process(int(sys.argv[1]), *(Path(argument) for argument in sys.argv[2:]))
