"""Options that choose where attacks run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import integer
from robustbert.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from robustbert.bench import RayCluster

EXECUTORS = ("local", "ray")


def add_executor_options(command: Any) -> None:
    """Add the options that choose where attacks run."""
    command.add_argument(
        "--executor",
        default="local",
        metavar="NAME",
        help="where attacks run: local (this process; default) or ray (workers of a Ray cluster); "
        "does not affect results",
    )
    command.add_argument(
        "--workers",
        type=integer,
        metavar="N",
        help="number of workers of --executor ray; default: one per GPU if there are GPUs, else "
        "one per CPU of the cluster",
    )
    command.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="Ray cluster of --executor ray, or auto for the one of this machine; default: start "
        "one that ends with the run",
    )


def chosen_cluster(options: Any) -> RayCluster | None:
    """The cluster that the options choose; None for this process.

    Raises:
        UnknownNameError: there is no such executor.
        InputError: an option has no effect, or the number of workers is below 1.
    """
    from robustbert.bench import RayCluster

    if options.executor not in EXECUTORS:
        raise UnknownNameError("executor", options.executor, EXECUTORS)
    if options.executor == "ray":
        return RayCluster(options.workers, options.address)
    for name in ("workers", "address"):
        if getattr(options, name) is not None:
            raise InputError(
                f"--{name} has no effect without --executor ray; leave it out, or give both"
            )
    return None
