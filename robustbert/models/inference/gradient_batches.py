"""Gradients of many texts in batches that do not change any text's gradient.

Texts of the same number of tokens share a batch, so there is no padding. On the CPU, linear layers
run forward and backward with verified numbers of rows
(:mod:`robustbert.models.inference.linear_gradient`). Whether this is enough is checked once per
architecture and machine; if it is not, and on other devices, every text is a batch of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from robustbert.models.embedding_gradient import loss_gradients, watched_embeddings
from robustbert.models.inference.batching import plan_batches
from robustbert.models.inference.invariance import find_dtype_problem
from robustbert.models.inference.linear_gradient import InputGradientLinears
from robustbert.models.inference.threads import map_in_threads

Tokens = Sequence[int]

#: Tokens per batch. Larger batches are no faster, and their graphs take more memory.
GRADIENT_TOKENS = 1024
#: How often the samples are repeated in a batch of the check; the largest value fills batches of
#: the longest ones. More copies only take longer.
CHECK_COPIES = (1, 3, 8)


class GradientBatches:
    """The gradient of the predicted label's cross-entropy at each text's input embeddings.

    Args:
        model: a sequence classifier of transformers in evaluation mode, in float32, whose weights
            do not change.
        samples: token sequences to check with, see
            :func:`robustbert.models.inference.invariance.sample_texts`.
    """

    def __init__(self, model: Any, samples: Sequence[tuple[int, ...]]) -> None:
        self._model = model
        self._samples = samples
        self._linears = InputGradientLinears()

    def compute(self, sequences: Sequence[Tokens], temperature: float = 1.0) -> list[np.ndarray]:
        """One gradient per text, float32 (t, d), where t is its number of tokens.

        Args:
            sequences: the token ids of each text.
            temperature: divides the logits.
        """
        if not (self._is_on_cpu and self._are_batches_invariant):
            return self._compute([[row] for row in range(len(sequences))], sequences, temperature)
        return self._compute(_equal_lengths(sequences), sequences, temperature)

    @property
    def _is_on_cpu(self) -> bool:
        return bool(self._model.device.type == "cpu")

    @cached_property
    def _are_batches_invariant(self) -> bool:
        def make_forward() -> Callable[[Sequence[tuple[int, ...]]], np.ndarray]:
            return self._filled_rows

        kind = f"gradients by {GRADIENT_TOKENS} tokens"
        problem = find_dtype_problem(
            make_forward, self._samples, self._model, "float32", kind, CHECK_COPIES
        )
        return problem is None

    def _filled_rows(self, sequences: Sequence[tuple[int, ...]]) -> np.ndarray:
        """One row per text, filled with zeros to the longest sample."""
        found = self._compute(_equal_lengths(sequences), sequences, 1.0)
        width = max(map(len, self._samples)) * found[0].shape[1]
        return np.stack([np.pad(g.ravel(), (0, width - g.size)) for g in found])

    def _compute(
        self, batches: Sequence[Sequence[int]], sequences: Sequence[Tokens], temperature: float
    ) -> list[np.ndarray]:
        model = self._model

        def logits(ids: Any) -> Any:
            return model(input_ids=ids).logits / temperature

        with watched_embeddings(model.get_input_embeddings()) as leaf:

            def run(rows: Sequence[int]) -> np.ndarray:
                with self._linears:
                    return loss_gradients([sequences[i] for i in rows], leaf, logits, model.device)

            # On a GPU, threads would restore each other's flags of cuDNN.
            found = map_in_threads(run, batches) if self._is_on_cpu else [*map(run, batches)]
        by_row = {
            row: gradient
            for rows, gradients in zip(batches, found, strict=True)
            for row, gradient in zip(rows, gradients, strict=True)
        }
        return [by_row[row] for row in range(len(sequences))]


def _equal_lengths(sequences: Sequence[Tokens]) -> list[list[int]]:
    """Batches of rows whose sequences have the same length."""
    planned = plan_batches(
        [len(tokens) for tokens in sequences],
        token_budget=GRADIENT_TOKENS,
        length_step=1,
        row_step=1,
    )
    return [batch.rows.tolist() for batch in planned]
