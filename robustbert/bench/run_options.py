"""Options of a run that do not affect which cells are run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from robustbert.errors import UnknownNameError
from robustbert.models.devices import choose_device
from robustbert.models.model_registry import DTYPES
from robustbert.validation import check_at_least


@dataclass(frozen=True)
class RayCluster:
    """The workers of a Ray cluster, which attack in place of this process.

    Args:
        workers: the number of workers, at least 1; None for one per GPU if the models run on GPUs,
            else one per CPU of the cluster.
        address: ``HOST:PORT`` of the cluster, or ``auto`` for the one of this machine; None to
            start one on this machine that ends with the run.

    Raises:
        InputError: the number of workers is below 1.
    """

    workers: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        check_at_least(1, optional=True, workers=self.workers)


@dataclass(frozen=True)
class RunOptions:
    """How to run a plan.

    Args:
        out: output folder for records, outcomes and tables.
        dtype: dtype for inference: auto, float32 or bfloat16.
        device: auto, cpu, cuda, cuda:N or mps.
        lanes: maximum number of examples attacked concurrently, at least 1; None for the default.
        token_budget: maximum number of tokens per batch, at least 1; None for a default that
            suits the device.
        command: the command line without absolute paths, for the records; None if there is none.
        cluster: where attacks run; None for this process.
    """

    out: Path
    dtype: str = "auto"
    device: str = "auto"
    lanes: int | None = None
    token_budget: int | None = None
    command: str | None = None
    cluster: RayCluster | None = None


def check_options(options: RunOptions) -> None:
    """Check the dtype, the device and the numeric options.

    Raises:
        UnknownNameError: no such dtype.
        InputError: no such device, or a number below 1.
    """
    check_dtype_and_device(options.dtype, options.device)
    check_at_least(1, optional=True, lanes=options.lanes, token_budget=options.token_budget)


def check_dtype_and_device(dtype: str, device: str) -> None:
    """Check that a dtype and a device exist, and that the device is available.

    Raises:
        UnknownNameError: no such dtype.
        InputError: no such device, or it is not available.
    """
    if dtype not in DTYPES:
        raise UnknownNameError("dtype", dtype, DTYPES)
    if device != "auto":
        choose_device(device)
