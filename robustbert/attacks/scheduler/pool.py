"""A pool of blocking searches whose model requests are answered in large batches.

A search is ordinary Python that blocks whenever it calls a model. Each search runs in a greenlet.
When it calls a model, it hands its texts to the pool and is suspended. When every search is
suspended, the pool calls each model once with the texts of all of them and resumes them: one round.
If the requests exceed the capacity of a round, the searches that started first are served first, so
that they finish early and an interrupted run loses little work. The model outputs and random
numbers of a search do not depend on which other searches run at the same time.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import greenlet

from robustbert.attacks.scheduler.random_states import GeneratorStates

Answer = TypeVar("Answer")


@dataclass(frozen=True, eq=False)
class Service(Generic[Answer]):
    """A function that a pool calls on behalf of its tasks, once per round.

    Args:
        name: a readable description of what the service computes.
        function: returns one answer per text, in order. The answer to a text must not depend on the
            other texts.
    """

    name: str
    function: Callable[[Sequence[str]], Iterable[Answer]]


@dataclass
class ServiceStats:
    """The usage of one service.

    Args:
        requested: number of texts for which tasks requested answers.
        computed: number of texts passed to the service, without duplicates within a round.
        seconds: time spent in the service.
    """

    requested: int = 0
    computed: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Task:
    """A search to run.

    Args:
        key: identifies the task among the tasks of a run.
        seed: seeds the global random generators before the task starts.
        function: the search; called once, without arguments.
    """

    key: str
    seed: int
    function: Callable[[], Any]


@dataclass(frozen=True)
class Finished:
    """The result of a task: a value, or the exception that it raised.

    Args:
        key: the task's key.
        value: what the task returned; None if it raised.
        error: the exception that it raised, if any.
        seconds: the time that the task itself took, without waiting for services.
    """

    key: str
    value: Any
    error: Exception | None
    seconds: float


@dataclass(frozen=True)
class _Request:
    service: Service[Any]
    texts: tuple[str, ...]

    @property
    def characters(self) -> int:
        return sum(map(len, self.texts))


@dataclass(eq=False)
class _RunningTask:
    """A task that has started, with the request that it waits for."""

    task: Task
    greenlet: Any
    states: GeneratorStates
    request: _Request | None = None
    seconds: float = 0.0


class _TaskGreenlet(greenlet.greenlet):
    """A greenlet that belongs to a pool."""


@dataclass
class Pool:
    """Runs tasks concurrently and answers their requests in batches.

    Args:
        lanes: maximum number of concurrent tasks, at least 1.
        round_characters: maximum number of characters in the texts of one round. The tasks that
            started first are served first, and at least one is served. None: no maximum.
        on_round: called after each round of answers.

    Attributes:
        stats: the usage of each service.

    >>> lengths = Service("lengths", lambda texts: [len(text) for text in texts])
    >>> pool = Pool(lanes=2)
    >>> def task(text):
    ...     return Task(text, 0, lambda: pool.request(lengths, [text]))
    >>> [finished.value for finished in pool.run([task("a"), task("bb")])]
    [[1], [2]]
    """

    lanes: int
    round_characters: int | None = None
    on_round: Callable[[], None] = lambda: None
    stats: defaultdict[Service[Any], ServiceStats] = field(
        default_factory=lambda: defaultdict(ServiceStats), init=False
    )

    def request(self, service: Service[Answer], texts: Sequence[str]) -> list[Answer]:
        """Request the service's answers to ``texts``, in order.

        Within a task, this suspends the task until a round has answered it. Outside a task, the
        service is called immediately.
        """
        current = greenlet.getcurrent()
        request = _Request(service, tuple(texts))
        if not request.texts:
            return []
        if isinstance(current, _TaskGreenlet):
            answers: list[Answer] = current.parent.switch(request)
            return answers
        return self._answer([request])[0]

    def run(self, tasks: Iterable[Task | None]) -> Iterator[Finished]:
        """Run every task; yield the result of each as soon as it finishes.

        None among the tasks says that the next one is not there yet: the tasks that run go on, and
        after the next round of answers the next one is asked for again.

        An exception raised by a task becomes its result. An exception raised by a service ends the
        run and is raised here.
        """
        outside = GeneratorStates.capture()
        waiting: list[_RunningTask] = []
        source = iter(tasks)
        try:
            while True:
                yield from self._start_tasks(source, waiting)
                if not waiting:
                    return
                served = self._select(waiting)
                answers = self._answer([running.request for running in served if running.request])
                self.on_round()
                for running, answer in zip(served, answers, strict=True):
                    finished = self._resume(running, answer)
                    if finished is not None:
                        waiting.remove(running)
                        outside.restore()
                        yield finished
        finally:
            outside.restore()
            for running in waiting:
                running.greenlet.throw(greenlet.GreenletExit)

    def _select(self, waiting: Sequence[_RunningTask]) -> list[_RunningTask]:
        """The tasks to serve in this round, in the order in which they started."""
        if self.round_characters is None:
            return list(waiting)
        served: list[_RunningTask] = []
        total = 0
        for running in waiting:
            total += running.request.characters if running.request else 0
            if served and total > self.round_characters:
                break
            served.append(running)
        return served

    def _start_tasks(
        self, source: Iterator[Task | None], waiting: list[_RunningTask]
    ) -> Iterator[Finished]:
        """Start tasks until ``lanes`` are suspended; yield the results of tasks that finish."""
        while len(waiting) < self.lanes:
            task = next(source, None)
            if task is None:
                return
            running = _RunningTask(
                task, _TaskGreenlet(task.function), GeneratorStates.from_seed(task.seed)
            )
            finished = self._resume(running, None)
            if finished is None:
                waiting.append(running)
            else:
                yield finished

    def _resume(self, running: _RunningTask, answer: Any) -> Finished | None:
        """Run a task until its next request; return its result if it finishes first, else None."""
        began = time.perf_counter()
        running.states.restore()
        error = None
        value = None
        try:
            value = (
                running.greenlet.switch(answer) if running.request else running.greenlet.switch()
            )
        except Exception as raised:
            error = raised
        running.seconds += time.perf_counter() - began
        if running.greenlet.dead:
            return Finished(running.task.key, value, error, running.seconds)
        running.states = GeneratorStates.capture()
        running.request = value
        return None

    def _answer(self, requests: Sequence[_Request]) -> list[list[Any]]:
        """One list of answers per request; each service is called once, with distinct texts."""
        answers: dict[Service[Any], dict[str, Any]] = {}
        for service in dict.fromkeys(request.service for request in requests):
            requested = [
                text for request in requests if request.service is service for text in request.texts
            ]
            distinct = list(dict.fromkeys(requested))
            began = time.perf_counter()
            answers[service] = dict(zip(distinct, service.function(distinct), strict=True))
            stats = self.stats[service]
            stats.seconds += time.perf_counter() - began
            stats.requested += len(requested)
            stats.computed += len(distinct)
        return [[answers[r.service][text] for text in r.texts] for r in requests]
