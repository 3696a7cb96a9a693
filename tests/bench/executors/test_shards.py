"""Giving examples to workers, and what happens to those of a worker that dies."""

from __future__ import annotations

from collections import Counter

import pytest

from robustbert.bench.executors.connected_cluster import threads_of_workers
from robustbert.bench.executors.shards import (
    FIRST_PART,
    MAX_DEATHS,
    MAX_UNFINISHED,
    ExampleQueue,
    Shard,
)
from robustbert.data import Example


def examples(number: int) -> tuple[Example, ...]:
    return tuple(Example(f"e{i}", "a fine film of the year", 1) for i in range(number))


def ids(shard: Shard) -> list[str]:
    return [one.example_id for one in shard.examples]


def attack_all(queue: ExampleQueue, workers: int) -> tuple[Counter[str], int]:
    """Finish an example of each worker in turn; the finished ones, and the largest shard."""
    running: dict[int, Shard] = {}
    finished: Counter[str] = Counter()
    largest = 0
    while queue or running:
        for worker in range(workers):
            shard = running.get(worker)
            shard = queue.take(worker) if shard is None else queue.more(worker, shard)
            if shard is None:
                continue
            largest = max(largest, len(shard.examples))
            if shard.examples:
                done = shard.examples[-1].example_id
                finished[done] += 1
                shard = shard.without(done)
            running[worker] = shard
            if not shard.examples and shard.is_last:
                del running[worker]
    return finished, largest


@pytest.mark.parametrize(
    ("number", "workers"), [(0, 1), (1, 4), (3, 1), (10, 1), (100, 3), (5000, 2)]
)
def test_every_example_is_attacked_once_and_no_worker_holds_too_many(number, workers):
    finished, largest = attack_all(ExampleQueue(examples(number), workers), workers)
    assert finished == Counter(one.example_id for one in examples(number))
    assert largest <= MAX_UNFINISHED


@pytest.mark.parametrize(("number", "workers"), [(100, 3), (200, 2), (64, 16)])
def test_the_first_shards_leave_examples_for_the_faster_workers(number, workers):
    queue = ExampleQueue(examples(number), workers)
    shards = [queue.take(worker) for worker in range(workers)]
    given = sum(len(shard.examples) for shard in shards)
    assert given <= number / FIRST_PART + workers
    assert not any(shard.is_last for shard in shards)
    assert queue


def test_a_shard_grows_when_a_quarter_of_it_is_finished():
    queue = ExampleQueue(examples(16), 1)
    shard = queue.take(0)
    assert ids(shard) == [f"e{i}" for i in range(8)]
    shard = shard.without("e3")
    assert queue.more(0, shard) is shard
    shard = queue.more(0, shard.without("e0"))
    assert ids(shard) == ["e1", "e2", "e4", "e5", "e6", "e7", "e8", "e9"]
    assert not shard.is_last


def test_workers_take_their_own_part_first():
    queue = ExampleQueue(examples(12), 3)
    assert [ids(queue.take(worker)) for worker in (2, 0, 1)] == [
        ["e2", "e5"],
        ["e0", "e3"],
        ["e1", "e4"],
    ]
    assert ids(queue.take(1)) == ["e7", "e10"]
    assert ids(queue.take(1)) == ["e9", "e11"]  # the last ones of the others, by turns
    assert ids(queue.take(0)) == ["e6", "e8"]
    assert queue.take(0) is None


def test_a_shard_is_told_as_soon_as_no_examples_are_left():
    queue = ExampleQueue(examples(2), 2)
    one, other = queue.take(0), queue.take(1)
    assert (one.is_last, other.is_last) == (False, True)
    assert queue.more(0, one) == Shard(one.examples, is_last=True)
    assert queue.take(0) is None


def test_what_a_dead_worker_left_comes_first_and_does_not_grow():
    queue = ExampleQueue(examples(40), 1)
    again = queue.take(0).after_death()
    queue.add(again)
    assert [queue.take(0), queue.take(0)] == [*again]
    assert all(queue.more(0, shard) is shard for shard in again)


@pytest.mark.parametrize("poisoned", range(7))
def test_halving_finds_the_example_that_makes_workers_die(poisoned):
    """All others finish, and it alone is given up."""
    queue, finished, deaths, given_up = [Shard(examples(7))], set(), 0, []
    while queue:
        shard = queue.pop(0)
        if f"e{poisoned}" not in ids(shard):
            finished.update(ids(shard))
            continue
        deaths += 1
        again = shard.after_death()
        given_up += [one for one in again if one.is_given_up]
        queue += [one for one in again if not one.is_given_up]
    assert [ids(shard) for shard in given_up] == [[f"e{poisoned}"]]
    assert finished == {f"e{i}" for i in range(7)} - {f"e{poisoned}"}
    assert MAX_DEATHS < deaths <= MAX_DEATHS + 3


def test_threads_fit_on_nodes_of_different_sizes():
    assert threads_of_workers([8, 3], 1) == 8
    assert threads_of_workers([8, 3], 3) == 3
    assert threads_of_workers([8, 3], 11) == 1
    assert threads_of_workers([], 1) == 1
