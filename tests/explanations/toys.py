"""Classifiers whose explanations are known in closed form."""

from __future__ import annotations

import re

import numpy as np
import torch

from robustbert.models import CallableClassifier, TorchClassifier

WEIGHTS = {"great": 2.0, "fine": 0.5, "good": 1.0, "bad": -1.5, "awful": -3.0, "film": 0.25}
BIAS = 0.125


def linear_classifier() -> CallableClassifier:
    """Its logit of ``pos`` is a bias and the sum of a weight per word, and that of ``neg`` is 0."""

    def logits(texts: list[str]) -> np.ndarray:
        words = [re.findall(r"\w+", text.lower()) for text in texts]
        scores = [BIAS + sum(WEIGHTS.get(word, 0.0) for word in found) for found in words]
        return np.stack([np.zeros(len(texts)), scores], axis=1)

    return CallableClassifier(logits, ("neg", "pos"), outputs="logits", name="linear")


class MeanEmbedding(torch.nn.Module):
    """The mean of the tokens' embeddings, times a matrix: linear in the embeddings."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(vocabulary, 8)
        self.head = torch.nn.Linear(8, 2)

    def forward(self, input_ids):
        return self.head(self.embedding(input_ids).mean(dim=1))


def mean_classifier(tokenizer) -> TorchClassifier:
    """A :class:`MeanEmbedding` with random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = MeanEmbedding(len(tokenizer))
    return TorchClassifier(module, tokenizer, ("neg", "pos"), name="mean")
