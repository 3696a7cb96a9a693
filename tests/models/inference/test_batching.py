from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.models.inference.batching import (
    LEAST_PACK_TOKENS,
    LENGTH_STEP,
    ROW_STEP,
    distinct,
    padded_length,
    plan_batches,
    plan_packs,
)

lengths_lists = st.lists(st.integers(1, 512), max_size=200)


@given(lengths_lists, st.sampled_from([64, 4096]), st.booleans())
def test_every_sequence_is_in_one_batch_and_fits_it(lengths, budget, full):
    batches = plan_batches(lengths, longest=512, token_budget=budget, full=full)
    real = [row for batch in batches for row in batch.rows[: batch.real]]
    assert sorted(real) == list(range(len(lengths)))
    for batch in batches:
        assert all(padded_length(lengths[row], 512) == batch.length for row in batch.rows)
        assert set(batch.rows[batch.real :]) <= set(batch.rows[: batch.real])
        assert len(batch.rows) % ROW_STEP == 0
        assert len(batch.rows) * batch.length <= max(budget, ROW_STEP * batch.length)


@given(lengths_lists)
def test_full_batches_of_one_length_have_one_shape(lengths):
    shapes: dict[int, set[int]] = {}
    for batch in plan_batches(lengths, full=True):
        shapes.setdefault(batch.length, set()).add(len(batch.rows))
    assert all(len(rows) == 1 for rows in shapes.values())


@pytest.mark.parametrize("length", [1, 7, 8, 9, 100])
def test_padded_length_is_the_next_multiple(length):
    rounded = padded_length(length)
    assert rounded % LENGTH_STEP == 0
    assert length <= rounded < length + LENGTH_STEP


def test_padded_length_never_exceeds_what_the_model_reads():
    assert padded_length(509, 510) == 510


@given(st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=30))
def test_distinct_can_be_undone(sequences):
    found = distinct(sequences)
    assert len(set(found.items)) == len(found.items)
    assert [list(found.items[i]) for i in found.inverse] == sequences
    assert found.inverse.dtype == np.int64


@given(lengths_lists, st.sampled_from([1, 31, 64, 2048]), st.integers(1, 4))
def test_every_sequence_is_in_one_pack_the_shortest_first(lengths, budget, threads):
    packs = plan_packs(lengths, token_budget=budget, threads=threads)
    rows = [row for pack in packs for row in pack]
    assert sorted(rows) == list(range(len(lengths)))
    assert [lengths[row] for row in rows] == sorted(lengths)
    for pack in packs:
        tokens = sum(lengths[row] for row in pack)
        most = max(budget, 2 * LEAST_PACK_TOKENS)
        assert tokens <= most + lengths[pack[0]] / 2 + lengths[pack[-1]] / 2


def test_packs_are_cut_so_that_each_thread_has_as_many():
    assert [len(pack) for pack in plan_packs([20] * 40, threads=2)] == [20, 20]
    assert len(plan_packs([20] * 200, threads=2, token_budget=2048)) == 2
    assert len(plan_packs([20] * 300, threads=2, token_budget=2048)) == 4
    assert len(plan_packs([5] * 6, threads=2)) == 1
    assert [len(pack) for pack in plan_packs([20] * 41 + [30] * 40, threads=2)] == [47, 34]
