"""Mean and standard deviation over replicates, against numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.errors import InputError
from robustbert.metrics import Spread, spread


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=9))
def test_it_is_the_sample_standard_deviation(values: list[float]) -> None:
    found = spread(values)
    assert found.n == len(values)
    assert found.mean == pytest.approx(np.mean(values))
    assert found.deviation == pytest.approx(np.std(values, ddof=1), abs=1e-6)


def test_one_replicate_has_no_deviation() -> None:
    assert spread([0.5]) == Spread(0.5, None, 1)


def test_no_replicate_has_no_mean() -> None:
    with pytest.raises(InputError, match="at least one"):
        spread([])
