"""Tokens that are whole words, with tokenizers of four kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import BertTokenizer, BertTokenizerFast, PreTrainedTokenizerFast

from robustbert.defenses.word_tokens import TokenizerKey, continuations, word_tokens

WORDS = ("good", "film", "absent")


def wordpiece(folder: Path, *, lower: bool, fast: bool = True) -> Any:
    letters = [f"##{letter}" for letter in "abdefilmnogsty"]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "good", "Good", "film"]
    file = folder / "vocab.txt"
    file.write_text("\n".join([*vocabulary, *letters]))
    return (BertTokenizerFast if fast else BertTokenizer)(str(file), do_lower_case=lower)


def trained(kind: str) -> Any:
    """A tokenizer that knows "good", "Good" and "film" as whole words after a space."""
    texts = ["a good film", "a Good film", "a film good"] * 20
    if kind == "byte-level":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        trainer = trainers.BpeTrainer(
            vocab_size=300,
            min_frequency=3,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        return PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    letters = [(letter, -9.0) for letter in "abdefghilmnoprstyG"]
    words = [("▁a", -1.0), ("▁good", -1.0), ("▁Good", -1.0), ("▁film", -1.0), ("▁", -5.0)]
    tokenizer = Tokenizer(models.Unigram([("<unk>", -20.0), *words, *letters], unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>")


@pytest.fixture(params=["uncased", "cased", "slow", "byte-level", "sentencepiece"])
def tokenizer(request, tmp_path) -> Any:
    if request.param in ("byte-level", "sentencepiece"):
        return trained(request.param)
    return wordpiece(tmp_path, lower=request.param != "cased", fast=request.param != "slow")


def tokens_of(tokenizer: Any, words: tuple[str, ...]) -> list[list[str | None]]:
    found = word_tokens(TokenizerKey.of(tokenizer), words)
    return [
        [tokenizer.convert_ids_to_tokens(int(i)).strip("Ġ▁") if i >= 0 else None for i in ids]
        for ids in found
    ]


def test_a_word_has_a_token_if_it_is_encoded_as_one(tokenizer):
    lower, capital = tokens_of(tokenizer, WORDS)
    assert lower == ["good", "film", None]
    ignores_case = getattr(tokenizer, "do_lower_case", False)
    assert capital == (lower if ignores_case else ["Good", None, None])


def test_tokens_that_continue_a_word_are_told_from_those_that_begin_one(tokenizer):
    (good, *_), _ = word_tokens(TokenizerKey.of(tokenizer), WORDS)
    continues = continuations(tokenizer, "good", int(good))
    assert continues.shape == (len(tokenizer),)
    ids = tokenizer("a filmed good", add_special_tokens=False)["input_ids"]
    found = [(tokenizer.convert_ids_to_tokens(i).strip("Ġ▁#"), bool(continues[i])) for i in ids]
    # byte-level BPE does not mark the first word of a text, which has no token before it
    assert found[1:] == [("film", False), ("e", True), ("d", True), ("good", False)]


def test_unknown_words_have_no_token(tmp_path):
    tokenizer = wordpiece(tmp_path, lower=False)
    assert tokenizer("a xylophone", add_special_tokens=False)["input_ids"][1] == 1
    assert tokens_of(tokenizer, ("xylophone", "unk", "good"))[0] == [None, None, "good"]


def test_tokenizers_of_the_same_content_share_results(tmp_path):
    one, other = (wordpiece(tmp_path, lower=True) for _ in range(2))
    other("a text", truncation=True, padding="max_length", max_length=9)
    assert TokenizerKey.of(one) == TokenizerKey.of(other)
    assert TokenizerKey.of(one) != TokenizerKey.of(wordpiece(tmp_path, lower=False))
    slow = [wordpiece(tmp_path, lower=True, fast=False) for _ in range(2)]
    assert TokenizerKey.of(slow[0]) != TokenizerKey.of(slow[1])
