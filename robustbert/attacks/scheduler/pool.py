"""Many blocking searches at once, so that a model sees large batches.

A search is ordinary Python that stops whenever it needs a model. Each runs in a greenlet; when it
asks, it hands its texts to the pool and waits. When every search waits, the pool answers them with
one call a model and lets them go on. Where they ask for more than makes a full batch, it answers
those that began first: they end early, and little is lost when the run is stopped. What a search
sees (answers, random numbers) does not depend on which others run beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import greenlet

from robustbert.attacks.scheduler.random_states import GeneratorStates

Server = Callable[[Sequence[str]], Iterable[Any]]
"""Answers each text of a sequence, by itself: the answer to one does not depend on the others."""


@dataclass(frozen=True)
class Task:
    """A search: ``function`` is called once, with the generators seeded by ``seed``."""

    key: str
    seed: int
    function: Callable[[], Any]


@dataclass(frozen=True)
class Finished:
    """How a task ended: with a value, or with the exception that it raised."""

    key: str
    value: Any
    error: Exception | None
    seconds: float


@dataclass(frozen=True)
class _Question:
    server: str
    texts: tuple[str, ...]

    @property
    def characters(self) -> int:
        return sum(map(len, self.texts))


@dataclass
class ServerStats:
    """What one server was asked: texts, texts that were not repeats, seconds spent."""

    asked: int = 0
    answered: int = 0
    seconds: float = 0.0


@dataclass(eq=False)
class _Running:
    """A task that has begun."""

    task: Task
    greenlet: Any
    states: GeneratorStates
    question: _Question | None = None
    seconds: float = 0.0


class _TaskGreenlet(greenlet.greenlet):
    """A greenlet that belongs to a pool."""


@dataclass
class Pool:
    """Runs tasks together and answers their questions in batches.

    Args:
        servers: who answers, by name.
        lanes: how many tasks run at once, at least 1.
        round_characters: a round answers the tasks that began first, as many as ask for at most so
            many characters, and one at least; None answers all.
        on_round: called after each round of answers.
    """

    servers: Mapping[str, Server]
    lanes: int
    round_characters: int | None = None
    on_round: Callable[[], None] = lambda: None
    stats: dict[str, ServerStats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.servers:
            self.stats.setdefault(name, ServerStats())

    def ask(self, server: str, texts: Sequence[str]) -> list[Any]:
        """Answers to ``texts``, in order; inside a task this waits for the pool's next round."""
        current = greenlet.getcurrent()
        question = _Question(server, tuple(texts))
        if not question.texts:
            return []
        if isinstance(current, _TaskGreenlet):
            answers: list[Any] = current.parent.switch(question)
            return answers
        return self._answer([question])[0]

    def run(self, tasks: Iterable[Task]) -> Iterator[Finished]:
        """Run every task; yield each as it ends.

        An exception of a task becomes its result; an exception of a server is raised here.
        """
        outside = GeneratorStates.capture()
        waiting: list[_Running] = []
        source = iter(tasks)
        try:
            while True:
                yield from self._fill(source, waiting)
                if not waiting:
                    return
                served = self._served(waiting)
                answers = self._answer([running.question for running in served if running.question])
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

    def _served(self, waiting: Sequence[_Running]) -> list[_Running]:
        """Whom a round answers: those that began first, up to ``round_characters``."""
        if self.round_characters is None:
            return list(waiting)
        served: list[_Running] = []
        total = 0
        for running in waiting:
            total += running.question.characters if running.question else 0
            if served and total > self.round_characters:
                break
            served.append(running)
        return served

    def _fill(self, source: Iterator[Task], waiting: list[_Running]) -> Iterator[Finished]:
        while len(waiting) < self.lanes:
            task = next(source, None)
            if task is None:
                return
            running = _Running(
                task, _TaskGreenlet(task.function), GeneratorStates.from_seed(task.seed)
            )
            finished = self._resume(running, None)
            if finished is None:
                waiting.append(running)
            else:
                yield finished

    def _resume(self, running: _Running, answer: Any) -> Finished | None:
        """Let a task go on until its next question; what it ended with, if it ended."""
        began = time.perf_counter()
        running.states.restore()
        error = None
        value = None
        try:
            value = (
                running.greenlet.switch(answer) if running.question else running.greenlet.switch()
            )
        except Exception as raised:
            error = raised
        running.seconds += time.perf_counter() - began
        if running.greenlet.dead:
            return Finished(running.task.key, value, error, running.seconds)
        running.states = GeneratorStates.capture()
        running.question = value
        return None

    def _answer(self, questions: Sequence[_Question]) -> list[list[Any]]:
        """One list of answers a question; each server is called once, with distinct texts."""
        found: dict[str, dict[str, Any]] = {}
        for name in dict.fromkeys(question.server for question in questions):
            asked = [
                text for question in questions if question.server == name for text in question.texts
            ]
            distinct = list(dict.fromkeys(asked))
            began = time.perf_counter()
            found[name] = dict(zip(distinct, self.servers[name](distinct), strict=True))
            stats = self.stats[name]
            stats.seconds += time.perf_counter() - began
            stats.asked += len(asked)
            stats.answered += len(distinct)
        return [[found[q.server][text] for text in q.texts] for q in questions]
