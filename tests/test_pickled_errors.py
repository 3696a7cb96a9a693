"""Errors reach other processes whole."""

from __future__ import annotations

import pickle

import pytest

from robustbert import errors
from robustbert.errors import RobustbertError, UnknownNameError

PLAIN = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, RobustbertError) and kind != UnknownNameError
]


@pytest.mark.parametrize("kind", PLAIN)
def test_errors_are_pickled(kind):
    copied = pickle.loads(pickle.dumps(kind("what was wrong")))
    assert type(copied) is kind
    assert str(copied) == "what was wrong"


@pytest.mark.parametrize("given", [{}, {"place": "a.toml", "renamed": "pwws"}])
def test_unknown_names_are_pickled(given):
    error = UnknownNameError("recipe", "pwwz", ["pwws", "iga"], **given)
    copied = pickle.loads(pickle.dumps(error))
    assert str(copied) == str(error)
    assert (copied.known, copied.suggestions) == (("iga", "pwws"), ("pwws",))
