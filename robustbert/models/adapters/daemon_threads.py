"""Concurrent calls in threads that do not delay an interrupt or the end of the process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_daemon_threads(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    threads: int,
    stop: threading.Event,
) -> Generator[tuple[Item, Result], None, None]:
    """Apply ``function`` to each item, and yield each item with its result as it is finished.

    The first exception is raised here, and no further item is started. With one thread, or one
    item, ``function`` runs in the thread of the caller.

    Args:
        function: the function.
        items: the items.
        threads: the number of threads, at least 1.
        stop: set at the end, so that a call that waits can give up.
    """
    try:
        if threads == 1 or len(items) < 2:
            for item in items:
                yield item, function(item)
            return
        todo: SimpleQueue[Item] = SimpleQueue()
        for item in items:
            todo.put(item)
        done: SimpleQueue[tuple[Item, Result] | BaseException] = SimpleQueue()
        for _ in range(min(threads, len(items))):
            arguments = (function, todo, done, stop)
            threading.Thread(target=_work, args=arguments, daemon=True).start()
        for _ in items:
            finished = done.get()
            if isinstance(finished, BaseException):
                raise finished
            yield finished
    finally:
        stop.set()


def _work(
    function: Callable[[Item], Result],
    todo: SimpleQueue[Item],
    done: SimpleQueue[tuple[Item, Result] | BaseException],
    stop: threading.Event,
) -> None:
    while not stop.is_set():
        try:
            item = todo.get_nowait()
        except Empty:
            return
        try:
            done.put((item, function(item)))
        except BaseException as error:
            done.put(error)
            return
