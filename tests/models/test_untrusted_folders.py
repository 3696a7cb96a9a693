"""Folders of classical models from anyone: they load to a working model or are refused, soon."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robustbert.cli import main
from robustbert.errors import ModelError
from robustbert.models import load_model
from robustbert.models.classical.estimators import HEADS
from robustbert.models.classical.tfidf_classifier import fit_tfidf
from tests.tiny import toy_reviews

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
class Stored:
    """What a valid folder holds."""

    config: dict[str, Any]
    arrays: dict[str, np.ndarray]

    def write(self, folder: Path, *, config: object = None, **arrays: object) -> Path:
        """A folder with another ``config``, or with other arrays; None leaves an array out."""
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


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stored]:
    found = {}
    for kind in HEADS:
        folder = tmp_path_factory.mktemp("valid") / kind
        fit_tfidf(kind, *toy_reviews(60), ("neg", "pos"), seed=0).save(folder)
        with np.load(folder / "arrays.npz") as stored:
            found[kind] = Stored(json.loads((folder / "model.json").read_text()), dict(stored))
    return found


@pytest.fixture
def svm(valid: dict[str, Stored]) -> Stored:
    return valid["linear-svm"]


@pytest.fixture
def forest(valid: dict[str, Stored]) -> Stored:
    return valid["random-forest"]


def refused(folder: Path) -> str:
    with time_limit(), pytest.raises(ModelError) as caught:
        load_model(str(folder))
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert len(message) < 1000
    return message


def is_refused_or_works(folder: Path) -> bool:
    """Whether the folder loads; a model that loads must answer with probabilities."""
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


@pytest.mark.parametrize("kind", HEADS)
def test_a_valid_folder_loads(valid, kind, tmp_path):
    assert is_refused_or_works(valid[kind].write(tmp_path / "m"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "other"}, "format: "),
        ({"kind": "neural"}, "kind: "),
        ({"kind": []}, "kind: "),
        ({"kind": "naive-bayes"}, "must hold the arrays idf, class_log_prior"),
        ({"longest_ngram": 10**9}, "longest_ngram: .*less than or equal to 10"),
        ({"longest_ngram": 0}, "longest_ngram: "),
        ({"longest_ngram": 2.0}, "longest_ngram: "),
        ({"longest_ngram": True}, "longest_ngram: "),
        ({"label_names": ["neg", "neg"]}, "label_names: holds a string twice"),
        ({"label_names": ["neg"]}, "label_names: "),
        ({"label_names": "np"}, "label_names: must be a list"),
        ({"label_names": ["neg", 1]}, "label_names: must be a list of strings"),
        ({"label_names": ["neg", "pos", "new"]}, "does not fit"),
        ({"label_names": ["neg", "\ud800"]}, "lone surrogate"),
        ({"terms": {}}, "terms: must be a list"),
        ({"terms": []}, "terms: "),
        ({"terms": [1] * 3_000_000}, "terms: must be a list of strings"),
        ({"terms": ["film"]}, "does not fit"),
    ],
)
def test_a_wrong_field_is_named(svm, tmp_path, changes, message):
    folder = svm.write(tmp_path / "m", config={**svm.config, **changes})
    assert re.search(message, refused(folder))


def test_strange_labels_are_told_on_one_line(svm, tmp_path):
    labels = ["two\nlines", "x" * 100_000]
    folder = svm.write(tmp_path / "m", config={**svm.config, "label_names": labels})
    assert load_model(str(folder)).label_names == tuple(labels)
    with pytest.raises(ModelError, match=r"labels two\\nlines, x{40} but") as caught:
        load_model(str(folder), label_names=["neg", "pos"])
    assert len(str(caught.value)) < 300


def test_a_repeated_term_is_refused(svm, tmp_path):
    terms = [svm.config["terms"][1], *svm.config["terms"][1:]]
    folder = svm.write(tmp_path / "m", config={**svm.config, "terms": terms})
    assert "terms: holds a string twice" in refused(folder)


@pytest.mark.parametrize("content", ["[" * 90_000, '{"a":' * 90_000, "[]", "", "\xff", "null"])
def test_what_is_no_object_is_refused(svm, tmp_path, content):
    folder = svm.write(tmp_path / "m")
    (folder / "model.json").write_bytes(content.encode("latin-1"))
    assert "model.json" in refused(folder)


def test_a_cycle_is_refused(forest, tmp_path):
    inner = int(np.flatnonzero(forest.arrays["left"] != np.arange(len(forest.arrays["left"])))[1])

    def back(left: np.ndarray) -> None:
        left[inner] = 0

    folder = forest.write(tmp_path / "m", **forest.changed(left=back))
    assert "child is not a later node" in refused(folder)


def test_the_command_line_says_it_in_one_line(svm, forest, tmp_path, capsys):
    cycle = np.zeros_like(forest.arrays["left"])
    for folder in (
        forest.write(tmp_path / "cycle", left=cycle),
        svm.write(tmp_path / "ngram", config={**svm.config, "longest_ngram": 10**9}),
        svm.write(tmp_path / "kind", config={**svm.config, "kind": []}),
        svm.write(tmp_path / "shape", coefficients=np.zeros(3)),
    ):
        with time_limit():
            assert main(["predict", "--model", str(folder), "a film"]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"robustbert: {folder}")


def test_nodes_that_are_no_trees_are_refused(forest, tmp_path):
    left, right = forest.arrays["left"], forest.arrays["right"]
    inner = np.flatnonzero(left != np.arange(len(left)))

    def shared(nodes: np.ndarray) -> None:
        nodes[inner[0]] = right[inner[0]]

    def half_leaf(nodes: np.ndarray) -> None:
        nodes[inner[0]] = inner[0]

    def root_twice(roots: np.ndarray) -> None:
        roots[1] = roots[0]

    for name, change in (("left", shared), ("left", half_leaf), ("roots", root_twice)):
        refused(forest.write(tmp_path / "m", **forest.changed(**{name: change})))


def test_a_chain_of_nodes_is_refused(forest, tmp_path):
    """One tree of 200,000 levels: without a cycle, but each answer would take minutes."""
    inner = np.arange(0, 400_000, 2)
    left, right = np.arange(400_001), np.arange(400_001)
    left[inner], right[inner] = inner + 1, inner + 2
    zeros = np.zeros(400_001)
    folder = forest.write(
        tmp_path / "m",
        roots=np.array([0]),
        left=left,
        right=right,
        feature=zeros.astype(int),
        threshold=zeros,
        share=np.full((400_001, 2), 0.5),
    )
    assert "deeper than 10000 nodes" in refused(folder)


def test_children_out_of_range_are_refused(forest, tmp_path):
    for value in (-1, len(forest.arrays["left"]), 2**62):

        def outside(nodes: np.ndarray, value: int = value) -> None:
            nodes[0] = value

        for name in ("left", "right", "roots"):
            folder = forest.write(tmp_path / "m", **forest.changed(**{name: outside}))
            assert f"the array {name} must hold numbers from 0" in refused(folder)


def test_numbers_whose_sum_overflows_are_refused(svm, tmp_path):
    folder = svm.write(tmp_path / "m", coefficients=svm.arrays["coefficients"] * 0 + 1e308)
    assert "must hold numbers from -1e+09 to 1e+09" in refused(folder)


def test_pickles_are_refused(svm, tmp_path):
    folder = svm.write(tmp_path / "m", idf=svm.arrays["idf"].astype(object))
    assert "idf must be float64" in refused(folder)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(svm, tmp_path):
    folder = svm.write(tmp_path / "m")
    bomb = {**svm.arrays, "coefficients": np.zeros((2, 2**23))}
    np.savez_compressed(folder / "arrays.npz", **bomb)
    tracemalloc.start()
    try:
        assert "coefficients has the shape" in refused(folder)
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (10**9,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (True, 2)}",
        "{'descr': ('<f8', (2,)), 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': [], 'fortran_order': 1, 'shape': 'x'}",
        "(" * 900,
        "-" * 900 + "1",
        "{" * 900 + "'",
        "\0" * 100,
        " " * 60_000,
        "",
    ],
)
def test_forged_headers_are_refused(svm, tmp_path, header):
    folder = svm.write(tmp_path / "m", intercepts=None)
    content = header.encode("latin-1") + b"\n"
    forged = b"\x93NUMPY\1\0" + len(content).to_bytes(2, "little") + content + b"\0" * 16
    with zipfile.ZipFile(folder / "arrays.npz", "a") as archive:
        archive.writestr("intercepts.npy", forged)
    assert "arrays.npz" in refused(folder)


def test_arrays_that_take_too_much_memory_are_refused(forest, tmp_path, monkeypatch):
    """Sizes that model.json does not fix, as the number of trees, are limited too."""
    folder = forest.write(tmp_path / "m")
    size = sum(array.nbytes for array in forest.arrays.values())
    monkeypatch.setattr("robustbert.models.classical.npz.MAX_ARRAY_BYTES", size)
    load_model(str(folder))
    roots = np.zeros(len(forest.arrays["roots"]) + 1, dtype=int)
    assert "the arrays take more than" in refused(forest.write(folder, roots=roots))
    size = (folder / "arrays.npz").stat().st_size
    monkeypatch.setattr("robustbert.models.classical.npz.MAX_FILE_BYTES", size - 1)
    assert "is larger than" in refused(folder)


def test_a_huge_list_of_members_is_refused(svm, tmp_path):
    folder = svm.write(tmp_path / "m")
    with zipfile.ZipFile(folder / "arrays.npz", "a") as archive:
        for number in range(1500):
            archive.writestr(f"{number}.npy", b"")
    assert "no archive of arrays" in refused(folder)


def test_other_archives_are_refused(svm, tmp_path):
    folder = svm.write(tmp_path / "m")
    path = folder / "arrays.npz"
    whole = path.read_bytes()
    for content in (b"", b"PK", b"PK\5\6" + b"\0" * 18, whole[:-5], whole[200:], whole + b"\0"):
        path.write_bytes(content)
        assert "arrays.npz" in refused(folder)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name in svm.arrays:
            archive.writestr(f"{name}.npy", b"")
    assert "unknown compression" in refused(folder)
    path.unlink()
    assert "no such file" in refused(folder)
    os.mkfifo(path)
    assert "no such file" in refused(folder)


def test_a_huge_model_json_is_refused(svm, tmp_path, monkeypatch):
    folder = svm.write(tmp_path / "m")
    size = (folder / "model.json").stat().st_size
    monkeypatch.setattr("robustbert.models.classical.tfidf_classifier.MAX_CONFIG_BYTES", size)
    load_model(str(folder))
    monkeypatch.setattr("robustbert.models.classical.tfidf_classifier.MAX_CONFIG_BYTES", size - 1)
    assert "is larger than" in refused(folder)


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


@pytest.mark.parametrize("kind", HEADS)
def test_every_field_of_model_json(valid, kind, tmp_path):
    stored = valid[kind]
    loaded = 0
    for name in stored.config:
        changed = [{**stored.config, name: value} for value in VALUES]
        changed.append({k: v for k, v in stored.config.items() if k != name})
        if isinstance(stored.config[name], list):
            for value in VALUES:
                changed.append({**stored.config, name: [value, *stored.config[name][1:]]})
        for config in changed:
            loaded += is_refused_or_works(stored.write(tmp_path / "m", config=config))
    assert 0 < loaded < 20, "another label, another term"


@pytest.mark.parametrize("kind", HEADS)
def test_every_array(valid, kind, tmp_path):
    stored = valid[kind]
    loaded = 0
    for name, array in stored.arrays.items():
        for change in ARRAY_CHANGES.values():
            with np.errstate(all="ignore"):
                folder = stored.write(tmp_path / "m", **{name: change(array)})
            loaded += is_refused_or_works(folder)
    assert loaded > len(stored.arrays), "a big-endian array is as good as any"
    assert loaded < len(stored.arrays) * len(ARRAY_CHANGES) / 3


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize("file", ["model.json", "arrays.npz"])
def test_damaged_bytes(valid, kind, file, tmp_path):
    chance = random.Random(0)
    path = valid[kind].write(tmp_path / "m") / file
    whole = path.read_bytes()
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(chance.choice([1, 1, 4])):
            content[chance.randrange(-1000, len(content)) % len(content)] = chance.randrange(256)
        if chance.random() < 0.2:
            start = chance.randrange(len(content))
            del content[start : start + chance.randint(1, 100)]
        path.write_bytes(content)
        is_refused_or_works(path.parent)
