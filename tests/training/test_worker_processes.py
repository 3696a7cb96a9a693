"""Training in several processes that average their gradients."""

from __future__ import annotations

import json
import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch.multiprocessing.spawn import start_processes

from robustbert.errors import InputError, ModelError, UnknownNameError
from robustbert.training import TrainedModel, TrainingConfig
from robustbert.training.fitting import train
from robustbert.training.worker_processes import _join, run_in_processes, with_launched_workers
from tests.training.conftest import make_tiny_bert

# float32, and no dropout, of which each process would draw its own
SETTINGS = {"epochs": 2, "batch_size": 8, "device": "cpu", "dtype": "float32", "tensorboard": True}
DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


@pytest.fixture(scope="module")
def trained(toy, tmp_path_factory) -> dict[int, TrainedModel]:
    """A model that was trained with one worker, and with two."""
    folder = tmp_path_factory.mktemp("workers")
    base = make_tiny_bert(folder / "base", weight_std=0.1)
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | DROPOUT))
    return {
        workers: train(
            toy, str(base), TrainingConfig(workers=workers, **SETTINGS), folder / f"out{workers}"
        )
        for workers in (1, 2)
    }


def logged_losses(model: TrainedModel) -> list[float]:
    """The training losses of the TensorBoard logs."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logs = EventAccumulator(str(model.folder.with_name(model.folder.name + "-logs")))
    logs.Reload()
    return [event.value for event in logs.Scalars("train/loss")]


@pytest.mark.slow
def test_two_workers_train_the_model_of_one(trained):
    one, two = trained[1], trained[2]
    assert one.steps == two.steps == 30
    assert len(logged_losses(one)) == 3
    assert logged_losses(two) == pytest.approx(logged_losses(one), abs=1e-4)
    weights, others = (load_file(model.folder / "model.safetensors") for model in (one, two))
    assert weights.keys() == others.keys()
    for name, weight in weights.items():
        torch.testing.assert_close(others[name], weight, atol=1e-4, rtol=1e-4)
    assert two.metrics == one.metrics


@pytest.mark.slow
def test_the_number_of_workers_is_part_of_the_settings(trained):
    stored = {
        workers: json.loads((model.folder / "training.json").read_text())["config"]
        for workers, model in trained.items()
    }
    assert "workers" not in stored[1], "as in models of versions that had no workers"
    assert stored[2] == stored[1] | {"workers": 2}


def fail_in_the_second() -> None:
    """Raise in the second process, for which the first one waits."""
    if os.environ["RANK"] == "1":
        raise UnknownNameError("dtype", "floot32", ["float32"])
    torch.distributed.barrier()


def die_in_the_second() -> None:
    """Kill the second process, as the kernel does when there is no memory left."""
    if os.environ["RANK"] == "1":
        os.kill(os.getpid(), signal.SIGKILL)
    torch.distributed.barrier()


@pytest.mark.slow
def test_the_error_of_a_worker_is_raised():
    with pytest.raises(UnknownNameError) as caught:
        run_in_processes(fail_in_the_second, 2, "cpu")
    assert caught.value.suggestions == ("float32",)
    assert str(caught.value) == "unknown dtype 'floot32'; did you mean float32?"


@pytest.mark.slow
def test_a_killed_worker_ends_the_training():
    with pytest.raises(ModelError, match=r"SIGKILL.*fewer workers"):
        run_in_processes(die_in_the_second, 2, "cpu")


def sleep(_: int) -> None:
    """Sleep for a minute."""
    time.sleep(60)


def test_an_interruption_leaves_no_process(monkeypatch):
    started = start_processes(sleep, nprocs=2, join=False, start_method="fork")

    def interrupted() -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(started, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _join(started)
    assert [process.exitcode for process in started.processes] == [-signal.SIGTERM] * 2


def test_what_cannot_be_sent_is_refused():
    with pytest.raises(ModelError, match="top level of a module"):
        run_in_processes(lambda: None, 2, "cpu")


def test_other_devices_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(InputError, match="too few GPUs for 2 workers; give at most 1"):
        run_in_processes(partial(print), 2, "cuda")
    with pytest.raises(InputError, match="cannot train on cuda:0"):
        run_in_processes(partial(print), 2, "cuda:0")


def test_workers_that_a_launcher_started_are_used(monkeypatch):
    assert with_launched_workers(TrainingConfig(workers=2)) == TrainingConfig(workers=2)
    monkeypatch.setenv("WORLD_SIZE", "4")
    for workers in (1, 4):
        assert with_launched_workers(TrainingConfig(workers=workers)) == TrainingConfig(workers=4)
    with pytest.raises(InputError, match="started 4 processes for a training with 2 workers"):
        with_launched_workers(TrainingConfig(workers=2))
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(InputError, match="batch_size is 32; it must be a multiple of 3"):
        with_launched_workers(TrainingConfig())


def test_a_classical_model_ignores_workers(toy, tmp_path: Path):
    model = train(toy, "tfidf-svm", TrainingConfig(workers=2), tmp_path / "out")
    assert model.steps == 0
