"""Dividing examples into shards, and what happens to one whose worker dies."""

from __future__ import annotations

import pytest

from robustbert.bench.executors.connected_cluster import threads_of_workers
from robustbert.bench.executors.shards import MAX_DEATHS, MAX_SHARD, Shard, divide
from robustbert.data import Example


def examples(number: int) -> list[Example]:
    return [Example(f"e{i}", "a fine film of the year", 1) for i in range(number)]


def ids(shards: object) -> list[str]:
    return [one.example_id for shard in shards for one in shard.examples]


@pytest.mark.parametrize(("number", "workers"), [(0, 1), (1, 4), (10, 1), (100, 3), (5000, 2)])
def test_every_example_is_in_one_shard_and_none_is_too_large(number, workers):
    shards = divide(examples(number), workers)
    assert ids(shards) == [one.example_id for one in examples(number)]
    assert all(1 <= len(shard.examples) <= MAX_SHARD for shard in shards)
    assert len(shards) >= min(number, workers)


def test_the_finished_examples_of_a_shard_are_not_attacked_again():
    shard = Shard(tuple(examples(3)), deaths=1)
    assert shard.without({"other"}) is shard
    assert ids([shard.without({"e1"})]) == ["e0", "e2"]
    assert shard.without({"e0", "e1", "e2"}) is None


@pytest.mark.parametrize("poisoned", range(7))
def test_halving_finds_the_example_that_makes_workers_die(poisoned):
    """All others finish, and it alone is given up."""
    queue, finished, deaths, given_up = [Shard(tuple(examples(7)))], set(), 0, []
    while queue:
        shard = queue.pop(0)
        if f"e{poisoned}" not in ids([shard]):
            finished.update(ids([shard]))
            continue
        deaths += 1
        again = shard.after_death()
        given_up += [one for one in again if one.is_given_up]
        queue += [one for one in again if not one.is_given_up]
    assert ids(given_up) == [f"e{poisoned}"]
    assert finished == {f"e{i}" for i in range(7)} - {f"e{poisoned}"}
    assert MAX_DEATHS < deaths <= MAX_DEATHS + 3


def test_threads_fit_on_nodes_of_different_sizes():
    assert threads_of_workers([8, 3], 1) == 8
    assert threads_of_workers([8, 3], 3) == 3
    assert threads_of_workers([8, 3], 11) == 1
    assert threads_of_workers([], 1) == 1
