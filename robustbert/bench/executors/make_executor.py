"""Make the executor of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from robustbert.bench.executors.executor import Executor
from robustbert.bench.executors.local_executor import LocalExecutor
from robustbert.bench.run_options import RunOptions


@contextmanager
def run_executor(options: RunOptions) -> Iterator[Executor]:
    """The executor of a run; the workers of a cluster end with the block.

    Raises:
        InputError: Ray is not installed, or the cluster has too few CPUs or GPUs.
        ExecutorError: the cluster cannot be reached.
    """
    if options.cluster is None:
        yield LocalExecutor()
        return
    from robustbert.bench.executors.connected_cluster import ray_cluster
    from robustbert.bench.executors.ray_executor import RayExecutor

    with ray_cluster(options.cluster, options.device) as cluster:
        yield RayExecutor(cluster)
