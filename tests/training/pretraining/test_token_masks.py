"""Masking: which tokens, and what becomes of them."""

from __future__ import annotations

import numpy as np
import pytest

from robustbert.training.pretraining.token_masks import NOT_PREDICTED, TokenMasker

MASK, VOCABULARY = 4, 1000
SPECIAL = np.array([0, 1, 2, 3, 4])


def masker(**changes) -> TokenMasker:
    given = {"share": 0.15, "whole_words": True, "mask_id": MASK, "special_ids": SPECIAL}
    return TokenMasker(**given | {"vocabulary_size": VOCABULARY} | changes)


def long_row() -> tuple[np.ndarray, np.ndarray]:
    """[CLS], 30,000 words of one, two or three tokens, [SEP], and padding."""
    generator = np.random.default_rng(1)
    ids = generator.integers(5, VOCABULARY, size=100_000)
    starts = np.concatenate([[True] + [False] * int(n) for n in generator.integers(3, size=30_000)])
    ids = np.concatenate([[2], ids[: len(starts)], [3, 0, 0]])
    return ids, np.concatenate([[True], starts, [True, True, True]])


@pytest.mark.parametrize("whole_words", [True, False])
def test_shares_of_masked_replaced_and_kept_tokens(whole_words):
    ids, starts = long_row()
    found = masker(whole_words=whole_words).mask(ids, starts, np.random.default_rng(0))
    chosen = found.labels != NOT_PREDICTED
    assert chosen.mean() == pytest.approx(0.15, abs=0.005)
    assert (found.labels[chosen] == ids[chosen]).all()
    assert (found.ids[~chosen] == ids[~chosen]).all()
    masked = found.ids[chosen] == MASK
    kept = found.ids[chosen] == ids[chosen]
    assert masked.mean() == pytest.approx(0.8, abs=0.02)
    assert kept.mean() == pytest.approx(0.1, abs=0.015)
    random = found.ids[chosen][~masked & ~kept]
    assert len(random) / chosen.sum() == pytest.approx(0.1, abs=0.015)
    assert len(set(random.tolist())) > 0.4 * len(random)
    assert (random < VOCABULARY).all()
    assert abs(random.mean() - VOCABULARY / 2) < 40


def test_words_are_chosen_as_a_whole_and_their_tokens_replaced_one_by_one():
    ids, starts = long_row()
    found = masker().mask(ids, starts, np.random.default_rng(0))
    chosen = found.labels != NOT_PREDICTED
    inside = ~starts[1:]
    assert (chosen[1:] == chosen[:-1])[inside].all()
    masked = found.ids == MASK
    assert (masked[1:] != masked[:-1])[inside & chosen[1:]].any()


def test_long_words_are_chosen_as_often_as_short_ones():
    ids, starts = long_row()
    chosen = masker().mask(ids, starts, np.random.default_rng(0)).labels != NOT_PREDICTED
    sizes = np.bincount(np.cumsum(starts))[np.cumsum(starts)]
    for size in (1, 2, 3):
        share = chosen[(sizes == size) & (ids > 4)].mean()
        assert share == pytest.approx(0.15, abs=0.015)


def test_subwords_are_chosen_independently_of_their_words():
    ids, starts = long_row()
    found = masker(whole_words=False).mask(ids, starts, np.random.default_rng(0))
    chosen = found.labels != NOT_PREDICTED
    inside = ~starts[1:]
    both = (chosen[1:] & chosen[:-1])[inside].mean()
    assert both == pytest.approx(0.15**2, abs=0.005)


@pytest.mark.parametrize("whole_words", [True, False])
def test_special_tokens_are_never_chosen(whole_words):
    ids = np.array([2, 10, 1, 4, 3, 0, 0])
    starts = np.ones(7, dtype=bool)
    for seed in range(50):
        generator = np.random.default_rng(seed)
        found = masker(share=0.9, whole_words=whole_words).mask(ids, starts, generator)
        assert (found.labels[[0, 2, 3, 4, 5, 6]] == NOT_PREDICTED).all()
        assert (found.ids[[0, 2, 3, 4, 5, 6]] == ids[[0, 2, 3, 4, 5, 6]]).all()


def test_a_row_has_at_least_one_choice_if_it_has_a_plain_token():
    generator = np.random.default_rng(0)
    ids, starts = np.array([2, 10, 11, 12, 3]), np.array([True, True, True, False, True])
    rows = [masker(share=0.001).mask(ids, starts, generator).labels for _ in range(200)]
    counts = {int((row != NOT_PREDICTED).sum()) for row in rows}
    assert counts == {1, 2}, "either word as a whole"
    only_special = masker().mask(np.array([2, 1, 3]), np.ones(3, dtype=bool), generator)
    assert (only_special.labels == NOT_PREDICTED).all()


def test_a_tokenizer_gives_its_special_tokens(tokenizer):
    made = TokenMasker.of_tokenizer(tokenizer, share=0.15, whole_words=True)
    assert made.mask_id == tokenizer.vocab["[MASK]"]
    assert set(made.special_ids) == {0, 1, 2, 3, 4}
    assert made.vocabulary_size == len(tokenizer.vocab)
