"""A TextAttack model wrapper that sends the victim's queries to the pool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from textattack.models.wrappers import ModelWrapper

from robustbert.attacks.scheduler.clients import PooledVictim
from robustbert.models.classifier import TokenGradient


class PooledModelWrapper(ModelWrapper):
    """A TextAttack model wrapper for the attack on one example.

    Args:
        victim: answers the queries.

    Attributes:
        scored: the distinct texts whose probabilities were requested.
        differentiated: the distinct texts whose gradients were requested.
    """

    def __init__(self, victim: PooledVictim) -> None:
        self.model = victim.classifier
        self.max_length = victim.classifier.info.max_length
        self.scored: set[str] = set()
        self.differentiated: set[str] = set()
        self._victim = victim
        self._last: dict[str, TokenGradient] = {}

    def __call__(self, text_input_list: Sequence[str], **_: Any) -> torch.Tensor:
        """Probabilities: float64, shape (n, k).

        In float64 the rows sum to 1 within TextAttack's tolerance (1e-6). Otherwise TextAttack
        would mistake them for logits and apply softmax again.
        """
        self.scored.update(text_input_list)
        rows = np.stack(self._victim.probabilities(text_input_list)).astype(np.float64)
        return torch.from_numpy(rows / rows.sum(axis=1, keepdims=True))

    def get_grad(self, text_input: str) -> dict[str, Any]:
        """Token ids and the gradient of the loss at their embeddings: float32, shape (t, d).

        TextAttack's own wrapper computes the gradient in training mode, where dropout makes it
        random, and pads to the maximum length. Here it is computed in evaluation mode, without
        padding.
        """
        self.differentiated.add(text_input)
        gradient = self._gradient(text_input)
        return {"ids": gradient.token_ids, "gradient": gradient.gradient}

    def _tokenize(self, inputs: Sequence[str]) -> list[list[str]]:
        return [list(self._gradient(text).tokens) for text in inputs]

    def _gradient(self, text: str) -> TokenGradient:
        """The gradient of a text; only the last is kept, whose tokens a search asks for next."""
        if text not in self._last:
            (gradient,) = self._victim.gradients([text])
            self._last = {text: gradient}
        return self._last[text]
