"""A small randomised classifier, to test what depends on random numbers."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from robustbert.models import Classifier
from robustbert.models.classifier import ModelInfo
from robustbert.models.inference.invariance import InvarianceResult
from robustbert.seeds import derive_seed
from tests.tiny import NEGATIVE, POSITIVE


class MaskedVotes(Classifier):
    """Votes of a word count on random parts of a text; each keeps a word with probability 1/2.

    Args:
        votes: the number of votes.
        seed: of the random numbers, which are derived from it and the text.
    """

    label_names = ("neg", "pos")

    def __init__(self, votes: int = 3, seed: int = 0) -> None:
        self.votes = votes
        self.seed = seed
        self.info = ModelInfo("votes", "test", "d" * 64, "float64", None, None)

    @property
    def batch_invariance(self) -> InvarianceResult:
        return InvarianceResult(verified=True)

    @property
    def num_votes(self) -> int:
        return self.votes

    def redrawn(self, seed: int, votes: int | None = None) -> MaskedVotes:
        return MaskedVotes(self.votes if votes is None else votes, seed)

    def _probabilities(self, texts: Sequence[str]) -> np.ndarray:
        negative = np.array([self._share(text) for text in texts])
        return np.stack([negative, 1 - negative], axis=1)

    _exact = _probabilities

    def _share(self, text: str) -> float:
        """The share of the votes for the first label; a vote without known words is half a one."""
        generator = random.Random(derive_seed(self.seed, text))
        total = 0.0
        for _ in range(self.votes):
            kept = [word for word in text.lower().split() if generator.random() < 0.5]
            bad = sum(word in NEGATIVE.split() for word in kept)
            good = sum(word in POSITIVE.split() for word in kept)
            total += 1.0 if bad > good else 0.5 if bad == good else 0.0
        return total / self.votes
