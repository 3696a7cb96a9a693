"""Work spread over the processor's threads, a piece a thread.

torch's own way is to spread each product over all threads, which then wait for each other several
times a layer, and how a product is cut decides its last bits. Pieces that run on one thread each
need not wait, and come out the same whatever the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """``function`` of each item, in order, on as many threads as torch has been given.

    Inside, torch works on one thread. What ``function`` raises is raised here.
    """
    with one_thread_each() as threads:
        if threads == 1 or len(items) < 2:
            return [function(item) for item in items]
        return list(_pool(threads).map(function, items))


def thread_count() -> int:
    """How many threads torch has been given (``OMP_NUM_THREADS``, ``torch.set_num_threads``)."""
    import torch

    return torch.get_num_threads()


@contextmanager
def one_thread_each() -> Iterator[int]:
    """In the block, torch works on one thread; gives how many it had before."""
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
