from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from robustbert.models.inference.packs import MIN_PACK_TOKENS, make_pack, plan_packs
from robustbert.models.inference.row_counts import ROW_COUNT_STEP

lengths_lists = st.lists(st.integers(1, 512), max_size=200)


@given(lengths_lists, st.sampled_from([1, 31, 64, 2048]), st.integers(1, 4))
def test_each_sequence_is_in_one_pack_the_shortest_first(lengths, budget, threads):
    packs = plan_packs(lengths, token_budget=budget, threads=threads)
    rows = [row for pack in packs for row in pack]
    assert sorted(rows) == list(range(len(lengths)))
    assert [lengths[row] for row in rows] == sorted(lengths)
    for pack in packs:
        tokens = sum(lengths[row] for row in pack)
        limit = max(budget, 2 * MIN_PACK_TOKENS)
        assert tokens <= limit + lengths[pack[0]] / 2 + lengths[pack[-1]] / 2


def test_packs_are_balanced_across_threads():
    assert [len(pack) for pack in plan_packs([20] * 40, threads=2)] == [20, 20]
    assert len(plan_packs([20] * 200, threads=2, token_budget=2048)) == 2
    assert len(plan_packs([20] * 300, threads=2, token_budget=2048)) == 4
    assert len(plan_packs([5] * 6, threads=2)) == 1
    assert [len(pack) for pack in plan_packs([20] * 41 + [30] * 40, threads=2)] == [47, 34]


@given(st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=9), min_size=1, max_size=30))
def test_pack_contains_every_sequence(sequences):
    sequences.sort(key=len)
    pack = make_pack(sequences, max_positions=9)
    tokens, positions = np.divmod(pack.pairs[pack.pair_indices], 9)
    for start, sequence in zip(pack.starts, sequences, strict=True):
        end = start + len(sequence)
        assert tokens[start:end].tolist() == sequence
        assert positions[start:end].tolist() == list(range(len(sequence)))
    lengths = [length for _, count, length in pack.groups for _ in range(count)]
    assert lengths == [len(sequence) for sequence in sequences]
    assert len(pack.pairs) % ROW_COUNT_STEP == len(pack.pair_indices) % ROW_COUNT_STEP == 0
    assert len(pack.pairs) < len({*pack.pairs}) + ROW_COUNT_STEP
