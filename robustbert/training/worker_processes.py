"""Train in several processes of this machine, which average their gradients.

Each process trains on its part of every batch, with ``DistributedDataParallel`` of torch, which the
Trainer of transformers applies through accelerate: with gloo on CPUs, with NCCL on GPUs. Processes
that ``torchrun`` or ``accelerate launch`` started are used as they are.
"""

from __future__ import annotations

import os
import pickle
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import patch_environment
from torch.multiprocessing.spawn import (
    ProcessExitedException,
    ProcessRaisedException,
    start_processes,
)

from robustbert.errors import InputError, ModelError, RobustbertError, RobustbertWarning
from robustbert.models.devices import choose_device
from robustbert.training.config import TrainingConfig
from robustbert.training.launched_processes import launched_processes

#: Seconds that processes wait for the one that makes the extra rows of an epoch.
PROCESS_TIMEOUT = 24 * 60 * 60
#: Why the training ended, written by a process whose training raised an error of robustbert.
_ERROR_FILE = "error.pickle"


def with_launched_workers(config: TrainingConfig) -> TrainingConfig:
    """The settings with the workers that a launcher has started, if it has started several.

    Args:
        config: the settings of a training, whose number of workers may be the default.

    Raises:
        InputError: a launcher started another number of processes.
    """
    launched = launched_processes()
    if launched == 1:
        return config
    if config.workers not in (1, launched):
        raise InputError(
            f"a launcher started {launched} processes for a training with {config.workers} "
            "workers; leave the number of workers out"
        )
    return replace(config, workers=launched)


def run_in_workers(function: Callable[[], object], config: TrainingConfig) -> None:
    """Call a function that trains: in this process if it is the only worker, or one of them.

    Args:
        function: the function; see :func:`run_in_processes`.
        config: the training settings.

    Raises:
        RobustbertError: as the function and :func:`run_in_processes`.
    """
    if config.workers == launched_processes():
        function()
    else:
        run_in_processes(function, config.workers, config.device)


def wait_for_workers() -> None:
    """Wait until all workers of a training have called this; returns at once with one worker."""
    if torch.distributed.is_initialized():
        # not accelerate's barrier: it names a GPU, even for workers that train on the CPU
        torch.distributed.barrier()


def run_in_processes(function: Callable[[], object], workers: int, device: str) -> None:
    """Call a function in each of several processes that can average their gradients.

    The processes share the CPU threads of this one, or have a GPU each. If one of them fails, the
    others are terminated.

    Args:
        function: the function; it and what it refers to must be picklable.
        workers: the number of processes, at least 2.
        device: auto, cpu or cuda.

    Raises:
        InputError: there are fewer GPUs than processes, or the device is another one.
        ModelError: the function cannot be pickled, or a process ended without an exception.
        RobustbertError: the error that a process raised.
    """
    backend = _backend(choose_device(device), workers)
    try:
        pickled = pickle.dumps(function)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ModelError(
            f"a training with {workers} workers cannot send its loss or callbacks to them "
            f"({error}); define them at the top level of a module, or train with one worker"
        ) from error
    variables = {
        "omp_num_threads": max(1, torch.get_num_threads() // workers),
        "torch_cpp_log_level": "ERROR",  # torch's advice on parameters without gradients
    }
    with tempfile.TemporaryDirectory(prefix="robustbert-workers-") as folder:
        arguments = (pickled, workers, backend, folder)
        try:
            with patch_environment(**variables):
                started = start_processes(
                    _run, arguments, workers, join=False, start_method="spawn"
                )
            _join(started)
        except (ProcessExitedException, ProcessRaisedException) as error:
            stored = Path(folder) / _ERROR_FILE
            if stored.exists():
                raised: RobustbertError = pickle.loads(stored.read_bytes())
                raise raised from None
            if isinstance(error, ProcessRaisedException):
                raise
            raise ModelError(
                f"a training process ended unexpectedly ({error}); if the machine lacks memory, "
                "train with fewer workers or a smaller batch"
            ) from error


def _join(processes: Any) -> None:
    """Wait for all processes; after an exception, such as an interruption, none is left."""
    try:
        while not processes.join():
            pass
    finally:
        for process in processes.processes:
            if process.is_alive():
                process.terminate()
            process.join()


def _backend(device: torch.device, workers: int) -> str:
    if device.type == "cpu":
        return "gloo"
    if device.type != "cuda" or device.index is not None:
        raise InputError(f"several workers cannot train on {device}; give the device cuda or cpu")
    found = torch.cuda.device_count()
    if workers > found:
        raise InputError(f"there are too few GPUs for {workers} workers; give at most {found}")
    return "nccl"


def _run(rank: int, pickled: bytes, workers: int, backend: str, folder: str) -> None:
    """Call the function in one of the processes."""
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(workers)}
    # accelerate reads where the processes meet, although they have met before
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}
    if backend == "nccl":
        torch.cuda.set_device(rank)
    else:
        os.environ["ACCELERATE_USE_CPU"] = "true"
    if rank:
        warnings.simplefilter("ignore", RobustbertWarning)  # the first process warns for all
    torch.distributed.init_process_group(
        backend,
        init_method=f"file://{folder}/meeting",
        timeout=timedelta(seconds=PROCESS_TIMEOUT),
        rank=rank,
        world_size=workers,
    )
    try:
        function: Any = pickle.loads(pickled)
        function()
    except RobustbertError as error:
        _keep(error, Path(folder))
        # not the exit of an exception: other processes may wait for this one forever
        os._exit(1)
    torch.distributed.destroy_process_group()


def _keep(error: RobustbertError, folder: Path) -> None:
    """Write an error for the parent process; the first one stays."""
    path = folder / f"{os.getpid()}.pickle"
    path.write_bytes(pickle.dumps(error))
    if not (folder / _ERROR_FILE).exists():
        path.replace(folder / _ERROR_FILE)
