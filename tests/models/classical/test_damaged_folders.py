"""A folder with a changed field, array or byte is either rejected or loads a working model."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from robustbert.models.classical.estimators import ESTIMATORS
from tests.models.classical.untrusted import loads_working_model

VALUES: list[Any] = [
    *(None, True, 0, -1, 10**9, 10**400, 1.5, float("nan"), float("inf"), "", "a", "\0", "\ud800"),
    *([], {}, [[]], [None], ["a", "a"], ["a", "b"], [[["a"]]], {"a": 1}, ["", "b"], "[" * 1000),
]

ARRAY_CHANGES: dict[str, Callable[[np.ndarray], Any]] = {
    "missing": lambda a: None,
    "empty": lambda a: a[:0],
    "scalar": lambda a: a.ravel()[0],
    "longer": lambda a: np.concatenate([a, a]),
    "shorter": lambda a: a[:-1],
    "nested": lambda a: a[None],
    "flat": lambda a: a.ravel(),
    "transposed": lambda a: np.asfortranarray(a.T),
    "order": lambda a: np.asfortranarray(a[::-1]),
    "negative": lambda a: -a - 1,
    "zero": lambda a: a * 0,
    "one": lambda a: a * 0 + 1,
    "huge": lambda a: a * 0 + (1e308 if a.dtype.kind == "f" else 2**62),
    "tiny": lambda a: a * 0 + (5e-324 if a.dtype.kind == "f" else -(2**62)),
    "nan": lambda a: np.where(np.arange(a.size).reshape(a.shape) == a.size - 1, np.nan, a),
    "infinite": lambda a: a * 0 + np.inf,
    "float32": lambda a: a.astype(np.float32),
    "int8": lambda a: np.clip(a, -100, 100).astype(np.int8),
    "int32": lambda a: a.astype(np.int32),
    "unsigned": lambda a: np.abs(a).astype(np.uint64),
    "complex": lambda a: a.astype(complex),
    "bool": lambda a: a.astype(bool),
    "string": lambda a: a.astype(str),
    "object": lambda a: a.astype(object),
    "date": lambda a: a.astype(np.int64).astype("datetime64[s]"),
    "record": lambda a: a.astype([("x", float)]),
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
}


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_every_field_of_model_json(stored_models, kind, tmp_path):
    stored = stored_models[kind]
    loaded = 0
    for name in stored.config:
        changed = [{**stored.config, name: value} for value in VALUES]
        changed.append({k: v for k, v in stored.config.items() if k != name})
        if isinstance(stored.config[name], list):
            for value in VALUES:
                changed.append({**stored.config, name: [value, *stored.config[name][1:]]})
        for config in changed:
            loaded += loads_working_model(stored.write(tmp_path / "m", config=config))
    assert 0 < loaded < 20, "another label, another term"


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_every_array(stored_models, kind, tmp_path):
    stored = stored_models[kind]
    loaded = 0
    for name, array in stored.arrays.items():
        for change in ARRAY_CHANGES.values():
            with np.errstate(all="ignore"):
                folder = stored.write(tmp_path / "m", **{name: change(array)})
            loaded += loads_working_model(folder)
    assert loaded > len(stored.arrays), "a big-endian array is as good as any"
    assert loaded < len(stored.arrays) * len(ARRAY_CHANGES) / 3


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize("file", ["model.json", "arrays.npz"])
def test_damaged_bytes(stored_models, kind, file, tmp_path):
    chance = random.Random(0)
    path = stored_models[kind].write(tmp_path / "m") / file
    whole = path.read_bytes()
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(chance.choice([1, 1, 4])):
            content[chance.randrange(-1000, len(content)) % len(content)] = chance.randrange(256)
        if chance.random() < 0.2:
            start = chance.randrange(len(content))
            del content[start : start + chance.randint(1, 100)]
        path.write_bytes(content)
        loads_working_model(path.parent)
