"""Small modules, a pipeline and functions to wrap, and reviews to attack."""

from __future__ import annotations

import random
import re
import threading
import zlib
from dataclasses import dataclass

import numpy as np
import torch

from tests.tiny import toy_reviews

VOCABULARY = 300
LABELS = ("neg", "pos")


def hash_tokens(texts: list[str]) -> list[list[int]]:
    """A tokenizer of one's own: one token per word."""
    return [
        [zlib.crc32(word.encode()) % VOCABULARY for word in re.findall(r"\w+", text.lower())]
        for text in texts
    ]


class Recurrent(torch.nn.Module):
    """An LSTM without attention mask: padding would change its answers."""

    def __init__(self, num_labels: int = 2) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(VOCABULARY, 16)
        self.lstm = torch.nn.LSTM(16, 16, batch_first=True, bidirectional=True)
        self.dropout = torch.nn.Dropout(0.5)
        self.head = torch.nn.Linear(32, num_labels)

    def forward(self, ids):
        states, _ = self.lstm(self.embedding(ids))
        return self.head(self.dropout(states.amax(dim=1)))


class Attentive(torch.nn.Module):
    """A transformer encoder with an attention mask; returns a dictionary."""

    def __init__(self, vocabulary: int, num_labels: int = 2) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(vocabulary, 16)
        layer = torch.nn.TransformerEncoderLayer(16, 2, 32, dropout=0.3, batch_first=True)
        self.encoder = torch.nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.head = torch.nn.Linear(16, num_labels)

    def forward(self, input_ids, attention_mask):
        hidden = self.encoder(self.embedding(input_ids), src_key_padding_mask=attention_mask == 0)
        weights = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return {"logits": self.head((hidden * weights).sum(dim=1) / weights.sum(dim=1))}


def seeded(make, *arguments, scale: float = 1.0, seed: int = 0):
    """A module with reproducible weights, ``scale`` times as large as usual."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = make(*arguments)
    with torch.no_grad():
        for weight in module.parameters():
            weight.mul_(scale)
    return module


def word_probabilities(texts: list[str]) -> np.ndarray:
    """A function of the words of a text: float64 (n, 2)."""
    scores = [
        sum(zlib.crc32(word.encode()) % 21 - 10 for word in text.lower().split()) / 6
        for text in texts
    ]
    positive = 1 / (1 + np.exp(-np.array(scores)))
    return np.stack([1 - positive, positive], axis=1)


@dataclass(frozen=True)
class Review:
    """An example to attack."""

    example_id: str
    text: str
    label: int


def reviews_of(victim, n: int) -> list[Review]:
    """``n`` reviews with the labels that the victim predicts."""
    texts = [f"{text} for every viewer number {i}" for i, text in enumerate(toy_reviews(n)[0])]
    labels = victim.predict_proba(texts).argmax(axis=1)
    return [
        Review(f"review-{i}", text, int(label))
        for i, (text, label) in enumerate(zip(texts, labels, strict=True))
    ]


class Endpoint:
    """Answers like `word_probabilities`, and remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(self, texts):
        self.calls.append(list(texts))
        return word_probabilities(texts)

    @property
    def texts(self) -> list[str]:
        return [text for call in self.calls for text in call]


class Flaky(Endpoint):
    """Fails in a share of the calls."""

    def __init__(self, share: float, seed: int = 0) -> None:
        super().__init__()
        self.failures = 0
        self._share, self._random = share, random.Random(seed)
        self._lock = threading.Lock()

    def __call__(self, texts):
        with self._lock:
            if self._random.random() < self._share:
                self.failures += 1
                raise ConnectionError("reset by peer")
        return super().__call__(texts)
