"""Sentences, and pairs for next sentence prediction."""

from __future__ import annotations

import numpy as np
import pytest

from robustbert.training.pretraining.document_sentences import split_sentences
from robustbert.training.pretraining.pretraining_tokens import Tokens
from robustbert.training.pretraining.sentence_pairs import SentencePairs, _cut_pair, _runs


def sentence(document: int, place: int, size: int) -> Tokens:
    """A sentence whose ids say where it is from: 1000 per document, 10 per sentence."""
    ids = 1000 * document + 10 * place + np.arange(size)
    return Tokens(ids, np.ones(size, dtype=bool))


def documents(sizes=(3, 4, 5, 3, 4), n: int = 6) -> list[list[Tokens]]:
    return [[sentence(d, i, size) for i, size in enumerate(sizes)] for d in range(n)]


def places(tokens: Tokens) -> list[tuple[int, int]]:
    """The document and the sentence of each token."""
    return [(int(i) // 1000, int(i) % 1000 // 10) for i in tokens.ids]


def test_sentences_are_split_by_rules():
    text = (
        'Dr. No, e.g., is by J. R. Smith. It cost $3.5 million!  "Why?" Nobody knows... good film .'
    )
    assert split_sentences(text) == [
        "Dr. No, e.g., is by J. R. Smith.",
        "It cost $3.5 million!",
        '"Why?"',
        "Nobody knows... good film .",
    ]
    assert split_sentences("one sentence") == ["one sentence"]
    assert split_sentences("   ") == []


@pytest.mark.parametrize(
    ("lengths", "limit", "expected"),
    [
        ([5, 5], 20, [(0, 2)]),
        ([5, 5, 5, 5], 10, [(0, 2), (2, 4)]),
        ([5, 5, 5, 5, 5], 10, [(0, 2), (2, 4), (3, 5)]),
        ([50, 50, 50], 10, [(0, 2), (1, 3)]),
        ([3, 3, 3, 3], 100, [(0, 4)]),
        ([5], 10, []),
        ([], 10, []),
    ],
)
def test_runs_fill_rows_and_lose_no_sentence(lengths, limit, expected):
    assert _runs(lengths, limit) == expected


def test_half_of_the_pairs_are_random_and_from_another_document():
    pairs = SentencePairs(documents(), length=20)
    generator = np.random.default_rng(0)
    drawn = [
        pairs.draw(index, number, generator)
        for number in range(400)
        for index in [number // 2 % len(pairs.lengths)]
    ]
    assert sum(pair.is_random for pair in drawn) == 200
    others = set()
    for pair in drawn:
        first, second = places(pair.first), places(pair.second)
        assert len({document for document, _ in first}) == 1
        assert len({document for document, _ in second}) == 1
        if pair.is_random:
            assert second[0][0] != first[0][0]
            others.add((first[0][0], second[0][0]))
        else:
            assert second[0][0] == first[0][0]
            assert second[0][1] == first[-1][1] + 1, "the sentence after the first span"
    assert len(others) == 6 * 5, "every other document"


def test_random_spans_are_as_long_as_true_ones():
    """Sentences of 3 tokens in one document, and of 2, 3, 4 and 6 in the others."""
    texts = [
        [sentence(0, i, 3) for i in range(4)],
        *([sentence(d, i, size) for i, size in enumerate((2, 4, 6, 3))] for d in (1, 2)),
    ]
    pairs = SentencePairs(texts, length=100)
    found: dict[bool, dict[int, set[int]]] = {False: {}, True: {}}
    for number in range(400):
        pair = pairs.draw(0, number, np.random.default_rng(number))
        found[pair.is_random].setdefault(len(pair.first), set()).add(len(pair.second))
        assert (np.diff(pair.second.ids) > 0).all()
        ends = [place for document, place in places(pair.second)]
        assert {*ends} == {*range(ends[0], ends[-1] + 1)}, "whole adjacent sentences"
    assert found[False] == {3: {9}, 6: {6}, 9: {3}}
    assert found[True] == {3: {9}, 6: {6}, 9: {3}}


def test_a_document_that_is_too_short_gives_all_of_it():
    texts = [[sentence(0, i, 5) for i in range(4)], [sentence(1, i, 2) for i in range(2)]]
    pairs = SentencePairs(texts, length=100)
    pair = next(
        one
        for seed in range(50)
        if len((one := pairs.draw(0, 1, np.random.default_rng(seed))).first) == 5
    )
    assert places(pair.second) == [(1, 0), (1, 0), (1, 1), (1, 1)]


def test_the_longer_span_is_cut_at_both_ends():
    starts = set()
    for seed in range(50):
        long, short = sentence(0, 0, 30), sentence(1, 0, 4)
        pair = _cut_pair(long, short, True, 14, np.random.default_rng(seed))
        assert (len(pair.first), len(pair.second)) == (10, 4)
        assert (np.diff(pair.first.ids) == 1).all()
        starts.add(int(pair.first.ids[0]))
    assert len(starts) > 5
    pair = _cut_pair(sentence(0, 0, 30), sentence(1, 0, 40), False, 21, np.random.default_rng(0))
    assert {len(pair.first), len(pair.second)} == {10, 11}


def test_pairs_fit_their_length():
    pairs = SentencePairs(documents(sizes=(9, 2, 9, 9)), length=12)
    for number in range(60):
        pair = pairs.draw(number % len(pairs.lengths), number, np.random.default_rng(number))
        assert 2 <= len(pair.first) + len(pair.second) <= 12
        assert min(len(pair.first), len(pair.second)) >= 1
