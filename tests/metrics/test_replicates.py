"""Mean and standard deviation over replicates, against numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.errors import InputError
from robustbert.metrics import MeanStd, mean_std


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=9))
def test_agrees_with_numpy(values: list[float]) -> None:
    found = mean_std(values)
    assert found.n == len(values)
    assert found.mean == pytest.approx(np.mean(values))
    assert found.std == pytest.approx(np.std(values, ddof=1), abs=1e-6)


def test_one_replicate_has_no_standard_deviation() -> None:
    assert mean_std([0.5]) == MeanStd(0.5, None, 1)


def test_no_replicates_is_an_error() -> None:
    with pytest.raises(InputError, match="at least one"):
        mean_std([])
