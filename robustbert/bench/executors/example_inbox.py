"""The examples that reach a worker while it attacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue

from robustbert.data import Example


class ExampleInbox:
    """The examples of one call of a worker, in the order in which they arrive.

    :meth:`put` may be called by another thread than the one that iterates.

    >>> inbox = ExampleInbox()
    >>> inbox.put([Example("a", "a fine film", 1)], is_last=False)
    >>> waiting = iter(inbox)
    >>> next(waiting).example_id
    'a'
    >>> next(waiting) is None  # there is no other example yet, but one is being attacked
    True
    >>> inbox.put([], is_last=True)
    >>> list(waiting)
    []
    """

    def __init__(self) -> None:
        self._messages: SimpleQueue[tuple[Sequence[Example], bool]] = SimpleQueue()
        self._running = 0

    def put(self, examples: Sequence[Example], *, is_last: bool) -> None:
        """Add examples, none or more; ``is_last`` says that no others will follow."""
        self._messages.put((examples, is_last))

    def count_outcome(self) -> None:
        """Say that the attack on one of the examples has ended."""
        self._running -= 1

    def __iter__(self) -> Iterator[Example | None]:
        """The examples; None if the next has not arrived, but attacks on earlier ones go on.

        While no attack goes on, the iterator waits.
        """
        is_last = False
        while not is_last:
            try:
                examples, is_last = self._messages.get(block=self._running == 0)
            except Empty:
                yield None
                continue
            for example in examples:
                self._running += 1
                yield example
