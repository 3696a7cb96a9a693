"""The victim as TextAttack sees it: its queries go to the pool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from textattack.models.wrappers import ModelWrapper

from robustbert.models.classifier import Classifier

Ask = Callable[[str, Sequence[str]], list[Any]]
"""``ask(server, texts)``: one answer per text, in order."""

VICTIM = "victim"
EXACT_VICTIM = "victim-exact"
GRADIENTS = "victim-gradients"


class QueuedVictim(ModelWrapper):
    """A classifier behind TextAttack's interface, for one example.

    Args:
        classifier: the victim.
        ask: how queries are answered.

    Attributes:
        scored: the distinct texts whose probabilities were asked for.
        differentiated: the distinct texts whose gradients were.
    """

    def __init__(self, classifier: Classifier, ask: Ask) -> None:
        self.model = classifier
        self.max_length = classifier.info.max_length
        self.scored: set[str] = set()
        self.differentiated: set[str] = set()
        self._ask = ask

    def __call__(self, text_input_list: Sequence[str], **_: Any) -> torch.Tensor:
        """Probabilities: float64, shape (n, k).

        In double precision their sum is 1 as closely as TextAttack checks it (1e-6), so that it
        does not take them for logits and apply a second softmax.
        """
        self.scored.update(text_input_list)
        rows = np.stack(self._ask(VICTIM, text_input_list)).astype(np.float64)
        return torch.from_numpy(rows / rows.sum(axis=1, keepdims=True))

    def get_grad(self, text_input: str) -> dict[str, Any]:
        """Token ids and the loss gradient at their embeddings: float32, shape (t, d).

        TextAttack's own wrapper takes it in training mode, where dropout makes it random, and pads
        to the longest input; this takes it in evaluation mode, without padding.
        """
        self.differentiated.add(text_input)
        (gradient,) = self._ask(GRADIENTS, [text_input])
        return {"ids": gradient.token_ids, "gradient": gradient.gradient}

    def _tokenize(self, inputs: Sequence[str]) -> list[list[str]]:
        return [list(gradient.tokens) for gradient in self._ask(GRADIENTS, inputs)]
