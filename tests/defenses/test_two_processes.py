"""Training losses with two processes, whose gradients torch averages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from robustbert.defenses import make_defense
from tests.defenses.perturbed import attach, gradients, make_inputs, make_network
from tests.defenses.test_embedding_defenses import ACTIVE

#: The name of TAVAT's table among the values of its network.
TABLE = "token_perturbations.rows"


def gradients_of_steps(
    name: str, base: Path, rank: int, *, parallel: bool
) -> dict[str, torch.Tensor]:
    """The gradients that a process has accumulated after some steps on its own texts.

    With TAVAT it is one step, because the second depends on the other process's texts; what the
    first step added to its table is returned too.
    """
    defense = make_defense(name, ACTIVE[name])
    network = model = make_network(base, dropout=0.1)
    attach(defense, network)
    before = network.state_dict().get(TABLE, torch.zeros(1)).clone()
    if parallel:  # as the Trainer of transformers does
        model = torch.nn.parallel.DistributedDataParallel(network, find_unused_parameters=True)
    inputs = make_inputs()
    inputs["input_ids"] = inputs["input_ids"].roll(rank, dims=0)
    inputs["attention_mask"] = inputs["attention_mask"].roll(rank, dims=0)
    torch.manual_seed(rank)
    for _ in range(1 if name == "tavat" else 2):
        defense.training_loss(model, inputs).backward()
    added = network.state_dict().get(TABLE, torch.zeros(1)) - before
    return {**gradients(network), TABLE: added}


def run_process(rank: int, base: Path, folder: Path) -> None:
    """One of two processes: save the gradients of each defense."""
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=2
    )
    for name in ACTIVE:
        torch.save(
            gradients_of_steps(name, base, rank, parallel=True), folder / f"{name}-{rank}.pt"
        )
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_gradients_are_averaged_over_processes(tiny_victim, tmp_path):
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", __spec__.name, str(rank), str(tiny_victim), str(tmp_path)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    for name in ACTIVE:
        first, second = (
            gradients_of_steps(name, tiny_victim, rank, parallel=False) for rank in range(2)
        )
        for rank in range(2):
            found = torch.load(tmp_path / f"{name}-{rank}.pt")
            assert found.keys() == first.keys()
            torch.testing.assert_close(found.pop(TABLE), first[TABLE] + second[TABLE])
            for key, gradient in found.items():
                torch.testing.assert_close(gradient, (first[key] + second[key]) / 2)


if __name__ == "__main__":
    run_process(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
