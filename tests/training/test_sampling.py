from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from robustbert.training.sampling import LengthGroups


@given(st.integers(1, 300), st.integers(1, 9), st.integers(0, 5), st.integers(0, 3))
def test_an_epoch_visits_every_text_once_in_a_reproducible_order(n, batch_size, seed, epoch):
    lengths = np.random.default_rng(seed).integers(1, 50, n).tolist()

    def order() -> list[int]:
        sampler = LengthGroups(lengths, batch_size, seed)
        sampler.set_epoch(epoch)
        torch.rand(1)  # must not change the order
        return list(sampler)

    assert sorted(order()) == list(range(n))
    assert order() == order()


def test_batches_contain_texts_of_similar_length():
    lengths = np.random.default_rng(0).integers(1, 101, 1000)
    order = np.array(list(LengthGroups(lengths.tolist(), 10, 0)))
    spans = [np.ptp(lengths[order[i : i + 10]]) for i in range(0, 1000, 10)]
    assert np.mean(spans) < 5  # random batches would span about 80 of the 100


def test_each_epoch_and_seed_has_its_own_order():
    orders = set()
    for seed in range(3):
        sampler = LengthGroups(list(range(100)), 4, seed)
        for epoch in range(3):
            sampler.set_epoch(epoch)
            orders.add(tuple(sampler))
    assert len(orders) == 9
