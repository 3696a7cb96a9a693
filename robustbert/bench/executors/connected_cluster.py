"""Workers on a Ray cluster: one process each, replaced when it dies."""

from __future__ import annotations

import importlib.util
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from robustbert.bench.environment import capture_environment
from robustbert.bench.executors.cell_packing import worker_cache, worker_device
from robustbert.bench.run_options import RayCluster
from robustbert.errors import ExecutorError, InputError
from robustbert.models.devices import choose_device
from robustbert.records import Environment
from robustbert.version import __version__ as driver_version

# What must be the same on a worker as on the driver, so that outcomes are.
_HARDWARE = ("processor_class", "device")
_VERSIONS = ("python", "torch", "transformers", "tokenizers", "textattack", "nltk", "scikit_learn")
_CONNECT_TIMEOUT = 10.0  # seconds
_MAX_PORT = 65535


@dataclass(frozen=True, eq=False)
class Worker:
    """A worker process.

    Args:
        actor: the Ray actor.
        environment: a reference to its environment, which is there when the worker has started.
    """

    actor: Any
    environment: Any


class ConnectedCluster:
    """A Ray cluster with workers for one run.

    Args:
        options: which workers to use.
        device: auto, cpu, cuda, cuda:N or mps.
    """

    def __init__(self, options: RayCluster, device: str) -> None:
        import ray

        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        self._on_gpu = choose_device(device).type == "cuda"
        self._device = worker_device(device)
        kind = "GPU" if self._on_gpu else "CPU"
        nodes = [node for node in nodes if node.get(kind)]
        available = sum(int(node[kind]) for node in nodes)
        if not available:
            raise InputError(f"the cluster has no {kind}s; add nodes, or choose another --device")
        self.num_workers = options.workers or available
        if not 1 <= self.num_workers <= available:
            raise InputError(
                f"--workers is {self.num_workers}, but the cluster has {available} {kind}s; give "
                f"at most {available}, or add nodes"
            )
        self.threads = threads_of_workers(
            [int(node.get("CPU", 0)) for node in nodes], self.num_workers
        )
        self._expected = capture_environment(device)
        self._cache = worker_cache()

    def start_worker(self) -> Worker:
        """Start a worker; it waits for free CPUs if there are none."""
        import ray

        actor_class: Any = ray.remote(
            num_cpus=self.threads, num_gpus=1 if self._on_gpu else 0, max_restarts=0
        )(_actor_class())
        # 2: it gets examples while it attacks others
        actor = actor_class.options(max_concurrency=2).remote(
            self.threads, self._device, self._cache
        )
        return Worker(actor, actor.environment.remote())

    def check_environment(self, found: Environment) -> None:
        """Check that a worker gives the outcomes that the driver would.

        Raises:
            ExecutorError: its versions or its hardware are others.
        """
        for name in (*_VERSIONS, *_HARDWARE):
            wanted, value = getattr(self._expected, name), getattr(found, name)
            if name == "device":  # a worker has one GPU, whatever its number
                wanted, value = (one.partition(":")[0] for one in (wanted, value))
            if wanted != value:
                advice = (
                    "install the same versions on all nodes"
                    if name in _VERSIONS
                    else "start the command on a node of the same kind as the workers"
                )
                raise ExecutorError(
                    f"a worker on {found.processor} has {name.replace('_', ' ')} {value}, but the "
                    f"driver has {wanted}, so outcomes could differ; {advice}"
                )


def threads_of_workers(cpus: Sequence[int], workers: int) -> int:
    """The largest number of threads with which so many workers find place; at least 1.

    >>> threads_of_workers([2, 2], 1), threads_of_workers([2, 2], 2), threads_of_workers([2, 2], 3)
    (2, 2, 1)

    Args:
        cpus: the number of CPUs of each node.
        workers: the number of workers, each on one node.
    """
    fitting = [
        threads
        for threads in range(1, max(cpus, default=0) + 1)
        if sum(number // threads for number in cpus) >= workers
    ]
    return max(fitting, default=1)


@contextmanager
def ray_cluster(options: RayCluster, device: str) -> Iterator[ConnectedCluster]:
    """Connect to a Ray cluster, or start one on this machine; its workers end with the block.

    Raises:
        InputError: Ray is not installed, or the cluster has fewer CPUs or GPUs than workers.
        ExecutorError: the cluster cannot be reached.
    """
    if importlib.util.find_spec("ray") is None:
        raise InputError(
            "--executor ray needs Ray, which is not installed; run: pip install 'robustbert[ray]'"
        )
    import ray

    if options.address not in (None, "auto"):
        _check_reachable(options.address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray would report them to its makers
    # hides no GPU from workers on CPUs, as later versions of Ray will; their device is the driver's
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        ray.init(
            address="local" if options.address is None else options.address,
            include_dashboard=False if options.address is None else None,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise _no_cluster(options.address, error) from error
    try:
        yield ConnectedCluster(options, device)
    finally:
        ray.shutdown()


def _check_reachable(address: str) -> None:
    """Refuse an address that nothing listens at, which Ray would try for minutes.

    Raises:
        InputError: it is no ``HOST:PORT``.
        ExecutorError: it cannot be reached.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > _MAX_PORT:
        raise InputError(f"--address is {address!r}; give HOST:PORT, or auto")
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_TIMEOUT).close()
    except OSError as error:
        raise _no_cluster(address, error) from error


def _no_cluster(address: str | None, error: Exception) -> ExecutorError:
    reason = " ".join(str(error).split())
    return ExecutorError(
        f"cannot use a Ray cluster at {address or 'this machine'} ({reason}); start one with: "
        "ray start --head, with the same versions of Ray and Python"
    )


def _actor_class() -> type:
    """The class of the actors; it is made here because Ray is imported only when it is used."""
    import ray

    from robustbert.bench.executors.attack_worker import AttackWorker

    class AttackActor(AttackWorker):
        """An :class:`AttackWorker` that gets folders from Ray's object store."""

        def __init__(self, threads: int, device: str, cache: str) -> None:
            super().__init__(threads, device, cache, ray.get)

        def environment(self) -> Environment:
            """The versions and the hardware of the worker.

            Raises:
                ExecutorError: the worker has another version of robustbert.
            """
            from robustbert.version import __version__

            # the class is sent by the driver with its version; this import is the worker's own
            if __version__ != driver_version:
                raise ExecutorError(
                    f"a worker has robustbert {__version__}, but the driver has {driver_version}, "
                    "so outcomes could differ; install the same version on all nodes"
                )
            return super().environment()

    return AttackActor
