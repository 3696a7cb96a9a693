"""The detector by perplexity, on a tiny random language model."""

from __future__ import annotations

import math

import pytest

from robustbert.detection import make_detector, perplexity_detector
from robustbert.models.masked_language_model import MaskedLanguageModel
from robustbert.models.pseudo_perplexity import PseudoPerplexity
from tests.detection.words import BagOfWords, fitting_data
from tests.tiny import make_tiny_masked_lm, vocabulary


@pytest.fixture
def language_model(tmp_path, monkeypatch) -> MaskedLanguageModel:
    model = MaskedLanguageModel(*make_tiny_masked_lm(tmp_path / "tiny"), "a" * 64)
    monkeypatch.setattr(perplexity_detector, "masked_language_model", lambda: model)
    monkeypatch.setattr("robustbert.detection.detector.ensure_assets", lambda names: {})
    return model


def test_the_score_is_the_log_perplexity_whatever_the_classifier(language_model):
    victim = BagOfWords({"good": (0, 3)})
    fitted = make_detector("perplexity", {}).fit(victim, fitting_data(), seed=0)
    texts = ["a good film", "a goood film", "a good film"]
    expected = list(PseudoPerplexity(language_model).log_perplexities(texts))
    assert fitted.score(texts).tolist() == expected
    assert expected[0] != expected[1]
    assert victim.asked == []


def test_a_text_without_tokens_is_as_unlikely_as_random_tokens(language_model):
    fitted = make_detector("perplexity", {}).fit(BagOfWords({"a": (0, 1)}), fitting_data(), seed=0)
    assert fitted.score(["\0"]) == pytest.approx([math.log(len(vocabulary()))])
