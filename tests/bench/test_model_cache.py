"""The cache of trained models, used by several processes."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from robustbert.bench.model_cache import CachedModel, find_or_train
from robustbert.errors import InputError
from robustbert.models.folders import TRAINING_FILE


def test_a_model_is_trained_once_while_another_process_waits(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path))
    trainings: list[Path] = []
    training = threading.Event()

    def train(out: Path) -> None:
        trainings.append(out)
        training.set()
        time.sleep(0.2)  # the other one waits for the lock meanwhile
        out.mkdir(exist_ok=True)
        (out / TRAINING_FILE).write_text("{}", encoding="utf-8")

    def second() -> CachedModel:
        assert training.wait(timeout=10)
        return find_or_train({"model": "a"}, train)

    with ThreadPoolExecutor(2) as pool:  # each call has a lock of its own, as processes do
        first, other = pool.submit(find_or_train, {"model": "a"}, train), pool.submit(second)
        assert first.result() == other.result()
    assert len(trainings) == 1
    assert first.result().seconds is not None
    assert find_or_train({"model": "b"}, train) != first.result()
    assert len(trainings) == 2


def test_launched_processes_do_not_wait_for_each_other(own_cache, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="without the launcher, and give the number of workers"):
        find_or_train({"name": "model"}, Path.mkdir)
