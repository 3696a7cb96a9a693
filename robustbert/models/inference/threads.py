"""Data-parallel work on CPU threads: one item per thread.

By default, torch splits each matmul over all threads. The threads then wait for each other several
times per layer, and the split affects the last bits of the result. Items that each run on one
thread need no synchronization, and their results do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_threads(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Apply ``function`` to each item, in parallel on as many threads as torch may use.

    Within ``function``, torch uses one thread. Exceptions of ``function`` propagate.

    Returns:
        the results, in the order of ``items``.
    """
    with single_threaded() as threads:
        if threads == 1 or len(items) < 2:
            return [function(item) for item in items]
        return list(_pool(threads).map(function, items))


def thread_count() -> int:
    """The number of threads torch may use (``OMP_NUM_THREADS`` or ``torch.set_num_threads``)."""
    import torch

    return torch.get_num_threads()


@contextmanager
def single_threaded() -> Iterator[int]:
    """Limit torch to one thread within the block; yield the previous number of threads."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield threads
    finally:
        torch.set_num_threads(threads)


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="robustbert")
