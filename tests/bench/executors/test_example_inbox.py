"""The examples that reach a worker while it attacks, from another thread."""

from __future__ import annotations

import threading

from robustbert.bench.executors.example_inbox import ExampleInbox
from robustbert.data import Example

A, B, C = (Example(name, "a fine film", 1) for name in "abc")


def test_while_an_attack_goes_on_the_iterator_does_not_wait():
    inbox = ExampleInbox()
    inbox.put([A, B], is_last=False)
    waiting = iter(inbox)
    assert [next(waiting) for _ in range(4)] == [A, B, None, None]
    inbox.count_outcome()
    assert next(waiting) is None
    inbox.put([C], is_last=True)
    assert list(waiting) == [C]


def test_without_an_attack_the_iterator_waits_for_examples():
    inbox = ExampleInbox()
    inbox.put([A], is_last=False)
    waiting = iter(inbox)
    assert next(waiting) == A
    inbox.count_outcome()
    later = threading.Timer(0.05, inbox.put, [[B]], {"is_last": True})
    later.start()
    assert list(waiting) == [B]
    later.join()


def test_a_shard_without_examples_ends():
    inbox = ExampleInbox()
    inbox.put([], is_last=True)
    assert list(inbox) == []
