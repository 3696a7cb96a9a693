"""Holm's correction, against statsmodels."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from robustbert.errors import InputError
from robustbert.metrics import holm


@settings(max_examples=25)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_equals_statsmodels(p_values: list[float]) -> None:
    # multipletests collects garbage, which takes long in a process with many objects
    with mock.patch("gc.collect"):
        expected = multipletests(p_values, method="holm")[1]
    assert holm(p_values) == pytest.approx(tuple(expected), abs=1e-12)


def test_of_nothing_is_nothing() -> None:
    assert holm([]) == ()


@pytest.mark.parametrize("p_value", [-0.1, 1.1, float("nan")])
def test_rejects_what_is_no_p_value(p_value: float) -> None:
    with pytest.raises(InputError, match="from 0 to 1"):
        holm([0.5, p_value])
