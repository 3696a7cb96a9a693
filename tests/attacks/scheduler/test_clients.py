"""The typed clients of a pool, with functions that record their calls."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np

from robustbert.attacks.scheduler.clients import PooledEncoder, PooledVictim
from robustbert.attacks.scheduler.pool import Pool, Task


class Recorder:
    """Returns ``value`` plus the length of each text, and records its calls."""

    def __init__(self, value: float) -> None:
        self.value = value
        self.calls: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        self.calls.append(list(texts))
        return np.array([[self.value + len(text)] for text in texts])


def make_classifier() -> SimpleNamespace:
    return SimpleNamespace(
        predict_proba=Recorder(0),
        predict_proba_exact=Recorder(0.5),
        token_gradients=lambda texts: [f"gradient of {text}" for text in texts],
    )


def test_each_method_of_the_victim_is_its_own_service():
    pool = Pool(lanes=2)
    classifier = make_classifier()
    victim = PooledVictim(pool, classifier)

    def search(text: str) -> list:
        probabilities = victim.probabilities([text, "x", text])
        return [probabilities, victim.exact([text]), victim.gradients([text])]

    tasks = [Task(text, 0, lambda text=text: search(text)) for text in ("a", "bb")]
    results = {finished.key: finished.value for finished in pool.run(tasks)}
    assert results["a"] == [[[1.0], [1.0], [1.0]], [[1.5]], ["gradient of a"]]
    assert results["bb"] == [[[2.0], [1.0], [2.0]], [[2.5]], ["gradient of bb"]]
    assert classifier.predict_proba.calls == [["a", "x", "bb"]]
    assert classifier.predict_proba_exact.calls == [["a", "bb"]]
    assert (victim.stats.requested, victim.stats.computed) == (6, 3)
    assert victim.classifier is classifier


def test_probabilities_may_be_computed_by_another_function():
    classifier, cached = make_classifier(), Recorder(7)
    victim = PooledVictim(Pool(lanes=1), classifier, cached)
    assert victim.probabilities(["abc"]) == [[10.0]]
    assert classifier.predict_proba.calls == []
    assert cached.calls == [["abc"]]


def test_a_victim_that_was_not_called_has_no_requests():
    stats = PooledVictim(Pool(lanes=1), make_classifier()).stats
    assert (stats.requested, stats.computed, stats.seconds) == (0, 0, 0.0)


def test_each_method_of_the_encoder_is_its_own_service():
    pool = Pool(lanes=3)
    embed, exact, uncached = Recorder(0), Recorder(10), Recorder(20)
    encoder = PooledEncoder(pool, embed=embed, exact=exact, uncached=uncached)
    methods = {"embed": encoder.embed, "exact": encoder.exact, "uncached": encoder.uncached}
    tasks = [Task(name, 0, lambda ask=ask: ask(["one", "a"])) for name, ask in methods.items()]
    assert {finished.key: finished.value for finished in pool.run(tasks)} == {
        "embed": [[3.0], [1.0]],
        "exact": [[13.0], [11.0]],
        "uncached": [[23.0], [21.0]],
    }
    assert embed.calls == exact.calls == uncached.calls == [["one", "a"]]


def test_outside_a_task_the_function_is_called_at_once():
    embed = Recorder(0)
    encoder = PooledEncoder(Pool(lanes=1), embed=embed, exact=embed, uncached=embed)
    assert encoder.embed(["four"]) == [[4.0]]
    assert encoder.embed([]) == []
    assert embed.calls == [["four"]]
