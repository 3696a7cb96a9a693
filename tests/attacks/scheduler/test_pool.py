from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from robustbert.attacks.scheduler.pool import Pool, Service, Task
from robustbert.attacks.scheduler.random_states import GeneratorStates


class Recorder:
    """Answers a text with its length, and records its calls."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> list[int]:
        self.calls.append(list(texts))
        return [len(text) for text in texts]


LENGTH = Service("length", Recorder())


@pytest.fixture
def server() -> Recorder:
    return Recorder()


@pytest.fixture
def length(server: Recorder) -> Service[int]:
    return Service("length", server)


def walk(pool: Pool, steps: int, start: str):
    """A search that makes ``steps`` requests and draws from all three generators each time."""

    def run() -> list[float]:
        text, seen = start, []
        for _ in range(steps):
            text += random.choice("abc") * int(1 + np.random.randint(3))
            seen.append(float(pool.request(LENGTH, [text, start])[0]) + torch.rand(1).item())
        return seen

    return run


def run_all(size: int, order: Sequence[int]) -> dict[str, list[float]]:
    pool = Pool(lanes=size)
    tasks = [Task(f"t{i}", seed=i, function=walk(pool, 2 + i, "x" * i)) for i in order]
    return {finished.key: finished.value for finished in pool.run(tasks)}


def test_results_do_not_depend_on_size_or_order():
    alone = run_all(1, range(6))
    assert run_all(6, range(6)) == alone
    assert run_all(2, [5, 0, 3, 1, 4, 2]) == alone
    assert run_all(4, [3]) == {"t3": alone["t3"]}


def test_tasks_that_come_later_join_those_that_run(server, length):
    """The third task is there after the second round of answers."""
    pool = Pool(lanes=4)

    def asking(name: str, times: int) -> Task:
        return Task(name, 0, lambda: [pool.request(length, [name * i]) for i in range(1, times)])

    found = pool.run([asking("a", 5), asking("b", 2), None, None, asking("c", 3), None])
    assert [finished.key for finished in found] == ["b", "a", "c"]
    assert server.calls == [["a", "b"], ["aa"], ["aaa", "c"], ["aaaa", "cc"]]


def test_a_task_draws_the_numbers_of_its_own_seed():
    def draw() -> tuple[float, float, float]:
        return random.random(), np.random.random(), torch.rand(1).item()

    pool = Pool(lanes=4)
    found = {f.key: f.value for f in pool.run([Task(str(s), s, draw) for s in (7, 8)])}
    for seed in (7, 8):
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        assert found[str(seed)] == draw()


def test_the_callers_generators_are_not_changed():
    before = GeneratorStates.capture()
    run_all(3, range(4))
    assert random.getstate() == before.python
    assert np.array_equal(np.random.get_state()[1], before.numpy[1])
    assert torch.equal(torch.get_rng_state(), before.torch)


def test_a_round_computes_each_text_once_for_all_searches(server, length):
    pool = Pool(lanes=10)
    tasks = [
        Task(str(i), i, lambda i=i: pool.request(length, ["shared", f"own {i}", "shared"]))
        for i in range(4)
    ]
    results = {finished.key: finished.value for finished in pool.run(tasks)}
    assert len(server.calls) == 1
    assert sorted(server.calls[0]) == ["own 0", "own 1", "own 2", "own 3", "shared"]
    assert results["2"] == [6, 5, 6]
    assert pool.stats[length].requested == 12
    assert pool.stats[length].computed == 5


def test_different_services_are_called_in_the_same_round():
    first, second = Recorder(), Recorder()
    services = {"a": Service("length", first), "b": Service("length", second)}
    pool = Pool(lanes=2)
    tasks = [
        Task(name, 0, lambda name=name: pool.request(services[name], ["text"])) for name in "ab"
    ]
    assert {f.key: f.value for f in pool.run(tasks)} == {"a": [4], "b": [4]}
    assert len(first.calls) == len(second.calls) == 1


def test_requests_beyond_a_round_wait_and_tasks_finish_in_the_order_of_their_start(server, length):
    pool = Pool(lanes=4, round_characters=10)

    def search(name: str) -> list[int]:
        return [pool.request(length, [f"{name}{step}" * 3])[0] for step in range(2)]

    finished = list(pool.run([Task(n, 0, lambda n=n: search(n)) for n in "abcd"]))
    assert [f.key for f in finished] == ["a", "b", "c", "d"]
    assert all(f.value == [6, 6] for f in finished)
    assert server.calls == [[f"{n}{step}" * 3] for n in "abcd" for step in range(2)]


def test_request_larger_than_a_round_is_not_split(server, length):
    pool = Pool(lanes=2, round_characters=3)
    (finished,) = pool.run([Task("only", 0, lambda: pool.request(length, ["long", "longer"]))])
    assert finished.value == [4, 6]
    assert server.calls == [["long", "longer"]]


def test_results_do_not_depend_on_the_size_of_a_round():
    tasks = [(i, 2 + i) for i in range(6)]
    found = []
    for characters in (1, 20, None):
        pool = Pool(lanes=4, round_characters=characters)
        found.append(
            {
                f.key: f.value
                for f in pool.run(Task(f"t{i}", i, walk(pool, n, "x" * i)) for i, n in tasks)
            }
        )
    assert found[0] == found[1] == found[2]


def test_an_exception_in_a_search_is_its_result():
    pool = Pool(lanes=3)

    def fail() -> None:
        pool.request(LENGTH, ["text"])
        raise ValueError("no more words")

    finished = {f.key: f for f in pool.run([Task("bad", 0, fail), Task("good", 0, lambda: 5)])}
    assert isinstance(finished["bad"].error, ValueError)
    assert finished["good"].value == 5
    assert finished["good"].error is None


def test_an_exception_in_a_service_ends_the_run_and_the_searches():
    cleaned = []

    def broken(_: Sequence[str]) -> list[int]:
        raise RuntimeError("out of memory")

    pool = Pool(lanes=2)

    def search() -> None:
        try:
            pool.request(Service("broken", broken), ["text"])
        finally:
            cleaned.append(True)

    with pytest.raises(RuntimeError, match="out of memory"):
        list(pool.run([Task(str(i), i, search) for i in range(2)]))
    assert cleaned == [True, True]


def test_an_empty_request_calls_nothing(server, length):
    assert Pool(lanes=1).request(length, []) == []
    assert server.calls == []


def test_a_request_outside_a_search_is_answered_at_once(length):
    assert Pool(lanes=1).request(length, ["four"]) == [4]
