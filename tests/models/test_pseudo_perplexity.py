"""Pseudo-perplexity against transformers, which scores one copy of one text at a time."""

from __future__ import annotations

import math

import pytest
import torch

from robustbert.models.masked_language_model import MaskedLanguageModel
from robustbert.models.pseudo_perplexity import MAX_ROWS, PseudoPerplexity
from tests.tiny import make_tiny_masked_lm

SHORT = ("a fine film", "the fjilm was goood, really!", "good", "\u6f22\u5b57 and a caf\u00e9")
LONG = "the extraordinarily longwinded story was never boring, but always charming and great"
MAX_LENGTH = 128


@pytest.fixture(scope="module")
def language_model(tmp_path_factory) -> MaskedLanguageModel:
    folder = tmp_path_factory.mktemp("language-model")
    return MaskedLanguageModel(*make_tiny_masked_lm(folder, max_positions=MAX_LENGTH), "a" * 64)


@pytest.fixture
def measured(language_model):
    measure = PseudoPerplexity(language_model)
    return lambda *texts: list(measure.log_perplexities(texts))


def one_token_at_a_time(model: MaskedLanguageModel, text: str) -> float:
    """The mean of the losses of transformers, each of one token with the rest of its word masked.

    In a text of more than `MAX_ROWS` tokens, those at this distance are masked in the same way.
    """
    encoded = model.tokenizer(text, return_tensors="pt")
    ids = encoded["input_ids"][0]
    pieces = model.tokenizer.convert_ids_to_tokens(ids)
    losses = []
    for target in range(1, len(ids) - 1):
        masked, labels = ids.clone(), torch.full_like(ids, -100)
        labels[target] = ids[target]
        for start in range(1, len(ids) - 1):
            if (start - target) % MAX_ROWS == 0:
                masked[start] = model.tokenizer.mask_token_id
                rest = start + 1
                while pieces[rest].startswith("##"):
                    masked[rest] = model.tokenizer.mask_token_id
                    rest += 1
        inputs = {**encoded, "input_ids": masked[None], "labels": labels[None]}
        with torch.inference_mode():
            losses.append(model.network(**inputs).loss.item())
    return sum(losses) / len(losses)


def test_it_is_the_mean_loss_of_transformers(language_model, measured):
    texts = (*SHORT, LONG)
    num_tokens = [len(ids) - 2 for ids in language_model.tokenizer(list(texts))["input_ids"]]
    assert num_tokens[-1] > MAX_ROWS > max(num_tokens[:-1])
    expected = [one_token_at_a_time(language_model, text) for text in texts]
    assert measured(*texts) == pytest.approx(expected, rel=1e-5)
    assert len({round(one, 3) for one in expected}) == len(texts)


def test_a_result_depends_on_its_text_alone(measured):
    texts = (*SHORT, LONG)
    alone = [one for text in texts for one in measured(text)]
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert measured(*texts[::-1], *texts) == [*alone[::-1], *alone]
    finally:
        torch.set_num_threads(threads)


def test_what_is_too_long_is_cut_off(measured):
    words = ["good", "film"] * MAX_LENGTH
    whole, first = measured(" ".join(words), " ".join(words[: MAX_LENGTH - 2]))
    assert whole == first


def test_texts_without_tokens_have_none(measured):
    assert list(map(math.isnan, measured("\0", "a \udce9", ""))) == [True, False, True]
