"""`object_sha256`: equal for equal objects, different for different ones."""

from __future__ import annotations

import copy
import pickle
import threading

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.ensemble import RandomForestClassifier

from robustbert.models.adapters.object_hash import object_sha256


class Point:
    def __init__(self, x):
        self.x = x


VALUES = [
    None, 0, 1, True, 1.0, "1", b"1", (), [], {}, set(), (1,), [1], {1}, {1: 1}, {1: 2},
    [1, 2], [2, 1], ["ab"], ["a", "b"], [["a"], "b"], {"a": "b"}, {"b": "a"}, 2**70, -0.0, 1j,
    np.zeros(2), np.zeros((1, 2)), np.zeros(2, dtype=np.float32), np.zeros(2, dtype=int),
    np.float32(1), np.array(["a"]), np.array(["a"], dtype=object), np.dtype("float32"),
    csr_matrix([[0, 1]]), csr_matrix([[1, 0]]), Point(1), Point(2), Point, len, np.sum,
]  # fmt: skip


def test_different_values_have_different_hashes():
    assert len({object_sha256(value) for value in VALUES}) == len(VALUES)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_copies_have_the_same_hash(value):
    nested = {"a": [value, value], "b": value}
    expected = object_sha256(nested)
    assert object_sha256(copy.deepcopy(nested)) == expected
    assert (
        object_sha256({"b": copy.deepcopy(value), "a": [copy.deepcopy(value), value]}) == expected
    )
    assert object_sha256(pickle.loads(pickle.dumps(nested))) == expected


def test_forests_have_the_hash_of_their_trees():
    # Their nodes are structures with unused bytes.
    features, labels = np.arange(40).reshape(20, 2), [0, 1] * 10
    one, same = (RandomForestClassifier(5, random_state=0).fit(features, labels) for _ in range(2))
    other = RandomForestClassifier(5, random_state=1).fit(features, labels)
    assert object_sha256(one) == object_sha256(same) == object_sha256(copy.deepcopy(one))
    assert object_sha256(one) != object_sha256(other)


def test_cycles_end():
    point, other = Point(1), Point(2)
    point.itself, other.itself = point, other
    assert object_sha256(point) == object_sha256(copy.deepcopy(point)) != object_sha256(other)


@pytest.mark.parametrize("value", [lambda: None, threading.Lock(), (i for i in [])])
def test_what_cannot_be_stored_is_rejected(value):
    with pytest.raises(TypeError):
        object_sha256([value])
