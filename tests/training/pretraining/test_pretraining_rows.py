"""Corpus, held-out documents, and the rows that are made of them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from robustbert.errors import DatasetError, InputError
from robustbert.training.pretraining.corpus import Corpus, collect_corpus, hold_out
from robustbert.training.pretraining.pretraining_config import PretrainingConfig
from robustbert.training.pretraining.pretraining_rows import (
    PretrainingRows,
    RowSource,
    training_order,
)
from robustbert.training.pretraining.pretraining_tokens import cut_tokens, tokenize_texts
from robustbert.training.pretraining.token_masks import NOT_PREDICTED, TokenMasker
from tests.training.pretraining.conftest import MARKS, make_documents


def rows_of(documents, tokenizer, *, objectives=("mlm",), max_length=32, seed=0, order=None):
    config = PretrainingConfig(objectives=objectives, max_length=max_length)
    source = RowSource(documents, tokenizer, config, "training documents")
    masker = TokenMasker.of_tokenizer(tokenizer, share=0.15, whole_words=True)
    order = range(len(source.lengths)) if order is None else order
    return PretrainingRows(source, order, tokenizer, masker if "mlm" in objectives else None, seed)


def original(row) -> list[int]:
    """The ids of a row before tokens were masked."""
    labels = row.get("labels", [NOT_PREDICTED] * len(row["input_ids"]))
    return [
        i if label == NOT_PREDICTED else label
        for i, label in zip(row["input_ids"], labels, strict=True)
    ]


def test_tokens_know_where_words_start(tokenizer):
    (tokens,) = tokenize_texts(tokenizer, ["A good xyz, [SEP] film."], "tokenizing")
    words = tokenizer.convert_ids_to_tokens(tokens.ids)
    assert words == [
        "a",
        "good",
        *("x", "##y", "##z"),
        ",",
        *["[", "s", "##e", "##p", "]", "film", "."],
    ]
    assert [not word.startswith("##") for word in words] == tokens.starts.tolist()
    assert not set(tokens.ids) & set(tokenizer.all_special_ids), "a text holds no special token"


@pytest.mark.parametrize("length", [1, 3, 4, 7, 100])
def test_a_document_is_cut_between_words_and_nothing_is_lost(tokenizer, length):
    (tokens,) = tokenize_texts(tokenizer, ["a good xyz film , abcdefgh and good good"], "")
    pieces = list(cut_tokens(tokens, length))
    assert np.concatenate([piece.ids for piece in pieces]).tolist() == tokens.ids.tolist()
    assert max(map(len, pieces)) <= length
    if length > 3:
        assert sum(not piece.starts[0] for piece in pieces) <= 2, "only the word of 8 tokens"


def test_rows_of_single_pieces(tokenizer, documents):
    rows = rows_of(documents, tokenizer)
    joined: dict[str, list[int]] = {}
    for row in (rows[i] for i in range(len(rows))):
        ids = original(row)
        assert ids[0] == tokenizer.cls_token_id
        assert ids[-1] == tokenizer.sep_token_id
        assert len(ids) <= 32
        assert set(row["token_type_ids"]) == {0}
        assert any(label != NOT_PREDICTED for label in row["labels"])
        assert "next_sentence_label" not in row
        mark = next(m for m in MARKS[: len(documents)] if tokenizer.vocab[m] in ids)
        joined.setdefault(mark, []).extend(ids[1:-1])
    for mark, document in zip(MARKS, documents, strict=False):
        assert joined[mark] == tokenizer(document, add_special_tokens=False)["input_ids"]


def test_rows_of_pairs(tokenizer, documents):
    rows = rows_of(documents, tokenizer, objectives=("mlm", "nsp"))
    marks = {tokenizer.vocab[mark] for mark in MARKS}
    labels = []
    for row in (rows[i] for i in range(len(rows))):
        ids, types = original(row), row["token_type_ids"]
        assert len(ids) == len(types) == len(row["labels"]) <= 32
        second = types.index(1)
        assert types == [0] * second + [1] * (len(ids) - second)
        assert [ids[0], ids[second - 1], ids[-1]] == [2, 3, 3]
        documents_of = [marks & set(part) for part in (ids[:second], ids[second:])]
        if all(documents_of):  # a short span may have lost its mark
            assert (documents_of[0] != documents_of[1]) == bool(row["next_sentence_label"])
        labels.append(row["next_sentence_label"])
    assert abs(sum(labels) - len(labels) / 2) <= 0.5


def test_rows_without_masks(tokenizer, documents):
    row = rows_of(documents, tokenizer, objectives=("nsp",))[1]
    assert sorted(row) == ["input_ids", "next_sentence_label", "token_type_ids"]
    assert tokenizer.mask_token_id not in row["input_ids"]


def test_a_row_depends_on_its_number_and_the_seed_alone(tokenizer, documents):
    order = [3] * 50
    rows = rows_of(documents, tokenizer, objectives=("mlm", "nsp"), order=order)
    again = rows_of(documents, tokenizer, objectives=("mlm", "nsp"), order=order)
    assert [again[i] for i in reversed(range(50))] == [rows[i] for i in reversed(range(50))]
    other = rows_of(documents, tokenizer, objectives=("mlm", "nsp"), order=order, seed=1)
    assert rows[0] != other[0]
    assert len({json.dumps(rows[i]) for i in range(50)}) == 50, "new masks and pairs in each step"


def test_the_order_has_full_batches_and_every_row_once_per_epoch():
    lengths = [i % 9 + 1 for i in range(22)]
    order = training_order(lengths, 4, 0, 60)
    assert len(order) == 60
    assert len(set(order[:20])) == 20
    assert len(set(order[20:40])) == 20
    assert order[:20] != order[20:40]
    assert order != training_order(lengths, 4, 1, 60)
    few = training_order([5, 6, 7], 8, 0, 16)
    assert len(few) == 16
    assert [set(few[i : i + 3]) for i in range(0, 15, 3)] == [{0, 1, 2}] * 5


def test_the_corpus_has_the_training_split_and_the_texts_once_each(reviewed, documents):
    corpus = collect_corpus(reviewed, [documents[0], "  more \n text ", " ", ""], "file:more.txt")
    assert corpus.documents == (*documents, "more text")
    assert (corpus.name, corpus.source) == ("films and more.txt", "made-up==1 and file:more.txt")
    assert collect_corpus(None, ["a", "b"]).sha256() != collect_corpus(None, ["ab"]).sha256()


def test_no_other_split_is_read(reviewed):
    from dataclasses import replace

    class Unread:
        def __getattribute__(self, name):
            raise AssertionError("this split must not be read")

    splits = {**reviewed.splits, "validation": Unread(), "test": Unread()}
    assert collect_corpus(replace(reviewed, splits=splits)).documents


def test_held_out_documents_do_not_depend_on_order_or_seed(documents):
    split = hold_out(Corpus("c", "s", tuple(documents)), 0.25)
    assert len(split.held_out) == 6
    assert sorted(split.training + split.held_out) == sorted(documents)
    turned = hold_out(Corpus("c", "s", tuple(reversed(documents))), 0.25)
    assert set(turned.held_out) == set(split.held_out)
    assert len(hold_out(Corpus("c", "s", ("a", "b")), 0.01).held_out) == 1
    assert len(hold_out(Corpus("c", "s", ("a", "b")), 0.99).training) == 1


def test_texts_that_cannot_be_used(tokenizer):
    with pytest.raises(InputError, match="no text to pre-train on"):
        collect_corpus(None, ["", " "])
    with pytest.raises(InputError, match="text 2 contains a lone surrogate"):
        collect_corpus(None, ["a", "b\ud800"])
    with pytest.raises(DatasetError, match=r"1 usable document.*at least 2"):
        hold_out(collect_corpus(None, ["One sentence."]), 0.05)
    with pytest.raises(DatasetError, match=r"only 0 of 5 training documents have two; leave out"):
        rows_of(make_documents(5, sentences=1), tokenizer, objectives=("nsp",))
    with pytest.raises(DatasetError, match="have no tokens"):
        rows_of(["\u200b"], tokenizer)
