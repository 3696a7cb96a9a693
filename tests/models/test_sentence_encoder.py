from __future__ import annotations

import numpy as np
import pytest
import torch

from robustbert.models.sentence_encoder import SentenceEncoder, sentence_encoder

TEXTS = [
    "a charming film",
    "a charming film",
    "the plot is dull and the actors are worse than the plot",
    "Ein Film über das Meer",
    "x",
    "\U0001f600 \x00 \u202e",
    "very " * 400,
]


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return sentence_encoder("float32", "cpu")


def mean_pooled(encoder: SentenceEncoder, text: str) -> np.ndarray:
    """Reference implementation: one text, without padding."""
    ids = encoder._tokenizer([text], truncation=True, max_length=256)["input_ids"][0]
    with torch.inference_mode():
        states = encoder._exact(input_ids=torch.tensor([ids])).last_hidden_state[0]
    mean = states.numpy().mean(axis=0)
    return mean / np.linalg.norm(mean)


def test_encodings_are_normalized_means_over_tokens(encoder: SentenceEncoder):
    found = encoder.encode(TEXTS)
    assert found.shape == (len(TEXTS), 384)
    assert found.dtype == np.float32
    for text, vector in zip(TEXTS, found, strict=True):
        assert vector == pytest.approx(mean_pooled(encoder, text), abs=2e-5)


def test_encoding_depends_on_its_text_alone(encoder: SentenceEncoder):
    others = [f"the film number {i} is " + "so " * (i % 20) + "long" for i in range(40)]
    together = encoder.encode_uncached([*others[:20], *TEXTS, *others[20:]])[20 : 20 + len(TEXTS)]
    for text, vector in zip(TEXTS, together, strict=True):
        assert np.array_equal(encoder.encode_uncached([text])[0], vector)
    assert np.array_equal(encoder.encode(TEXTS), together)


def test_cached_encodings_equal_computed_ones(encoder: SentenceEncoder):
    first = encoder.encode(TEXTS)
    assert np.array_equal(encoder.encode(TEXTS[::-1])[::-1], first)
    assert np.array_equal(encoder.encode_exact(TEXTS), encoder.encode_uncached(TEXTS))


def test_no_texts_give_no_rows(encoder: SentenceEncoder):
    assert encoder.encode([]).shape == (0, 384)
    assert encoder.encode_exact([]).shape == (0, 384)


def test_bfloat16_error_is_below_the_recompute_margin():
    from robustbert.attacks.similarity import angular_similarity
    from robustbert.attacks.textattack.constraints import BORDERLINE

    encoder = SentenceEncoder("bfloat16", "cpu")
    text = "the film has a plot that nobody in the cinema could follow to its end"
    words = text.split()
    texts = [" ".join([*words[:i], "story", *words[i + 1 :]]) for i in range(len(words))]
    texts += [" ".join(words[i:]) for i in range(1, len(words))]
    start = [text] * len(texts)
    fast, exact = (f(start) for f in (encoder.encode, encoder.encode_exact))
    fast_others, exact_others = (f(texts) for f in (encoder.encode, encoder.encode_exact))
    for metric, similarity in (("angular", angular_similarity), ("cosine", cosine_similarity)):
        found = similarity(fast, fast_others)
        expected = similarity(exact, exact_others)
        assert 0 < np.abs(found - expected)[expected > 0.7].max() < BORDERLINE[metric]


def cosine_similarity(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(axis=1)
