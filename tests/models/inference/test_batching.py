from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.models.inference.batching import (
    LENGTH_STEP,
    ROW_STEP,
    padded_length,
    plan_batches,
    unique_sequences,
)

lengths_lists = st.lists(st.integers(1, 512), max_size=200)


@given(lengths_lists, st.sampled_from([64, 4096]), st.booleans())
def test_each_sequence_is_in_one_batch_of_its_padded_length(lengths, budget, fixed_shapes):
    batches = plan_batches(lengths, max_length=512, token_budget=budget, fixed_shapes=fixed_shapes)
    real = [row for batch in batches for row in batch.rows[: batch.real]]
    assert sorted(real) == list(range(len(lengths)))
    for batch in batches:
        assert all(padded_length(lengths[row], 512) == batch.length for row in batch.rows)
        assert set(batch.rows[batch.real :]) <= set(batch.rows[: batch.real])
        assert len(batch.rows) % ROW_STEP == 0
        assert len(batch.rows) * batch.length <= max(budget, ROW_STEP * batch.length)


@given(lengths_lists)
def test_batches_of_one_length_have_one_shape_with_fixed_shapes(lengths):
    shapes: dict[int, set[int]] = {}
    for batch in plan_batches(lengths, fixed_shapes=True):
        shapes.setdefault(batch.length, set()).add(len(batch.rows))
    assert all(len(rows) == 1 for rows in shapes.values())


@given(lengths_lists)
def test_with_fixed_shapes_a_batch_needs_padding_in_every_row_or_in_none(lengths):
    for batch in plan_batches(lengths, max_length=512, fixed_shapes=True):
        assert len({lengths[row] < batch.length for row in batch.rows}) == 1


@pytest.mark.parametrize("length", [1, 7, 8, 9, 100])
def test_padded_length_is_the_next_multiple(length):
    rounded = padded_length(length)
    assert rounded % LENGTH_STEP == 0
    assert length <= rounded < length + LENGTH_STEP


def test_padded_length_does_not_exceed_the_maximum():
    assert padded_length(509, 510) == 510


@given(st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=30))
def test_unique_sequences_can_be_inverted(sequences):
    unique = unique_sequences(sequences)
    assert len(set(unique.items)) == len(unique.items)
    assert [list(unique.items[i]) for i in unique.inverse] == sequences
    assert unique.inverse.dtype == np.int64
