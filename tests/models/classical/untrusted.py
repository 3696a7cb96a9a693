"""Helpers that modify classical model folders and check the result of loading them."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robustbert.errors import ModelError
from robustbert.models import load_model

TEXTS = ["a good film", "a dull and boring film", "zzzz", "good " * 300]


@contextmanager
def time_limit(seconds: float = 5) -> Iterator[None]:
    def stop(_signal: int, _frame: object) -> None:
        raise TimeoutError(f"still running after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@dataclass(frozen=True)
class StoredFolder:
    """The content of a valid folder."""

    config: dict[str, Any]
    arrays: dict[str, np.ndarray]

    def write(self, folder: Path, *, config: object = None, **arrays: object) -> Path:
        """Write a folder with another ``config`` or other arrays; None leaves an array out."""
        folder.mkdir(exist_ok=True)
        chosen = self.config if config is None else config
        (folder / "model.json").write_text(json.dumps(chosen))
        kept = {k: v for k, v in {**self.arrays, **arrays}.items() if v is not None}
        np.savez(folder / "arrays.npz", **kept)
        return folder

    def changed(self, **arrays: Callable[[np.ndarray], None]) -> dict[str, np.ndarray]:
        """Copies of arrays, each changed in place by a function."""
        copies = {name: self.arrays[name].copy() for name in arrays}
        for name, change in arrays.items():
            change(copies[name])
        return copies


def load_error(folder: Path) -> str:
    """The message of the one-line error with which loading the folder must fail."""
    with time_limit(), pytest.raises(ModelError) as caught:
        load_model(str(folder))
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert len(message) < 1000
    return message


def loads_working_model(folder: Path) -> bool:
    """Whether the folder loads; if it does, the model must return probabilities."""
    with time_limit():
        try:
            model = load_model(str(folder))
        except ModelError as error:
            message = str(error)
        else:
            message = ""
    if message:
        assert len(message.splitlines()) == 1
        return False
    with time_limit(), np.errstate(all="raise", under="ignore"):
        rows = model.predict_proba(TEXTS)
    assert rows.shape == (len(TEXTS), len(model.label_names))
    assert np.isfinite(rows).all()
    np.testing.assert_allclose(rows.sum(axis=1, dtype=np.float64), 1, atol=1e-5)
    return True
