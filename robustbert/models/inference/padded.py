"""Padded-batch inference, for transformers models that are not BERT and for GPUs.

On the CPU, linear layers run with verified numbers of rows (`BatchInvariantLinears`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import torch

from robustbert.models.inference.batching import plan_batches
from robustbert.models.inference.linear import BatchInvariantLinears
from robustbert.models.inference.row_counts import RowCounts

Tokens = Sequence[int]


class PaddedNetwork:
    """A transformers sequence classifier that runs on padded batches of token sequences.

    Args:
        model: in evaluation mode, on its device.
        tokenizer: provides the padding token and the side to pad on.
        max_length: the model's maximum input length in tokens; None for no limit.
        token_budget: tokens per batch, at least 1.
    """

    def __init__(
        self, model: Any, tokenizer: Any, *, max_length: int | None, token_budget: int
    ) -> None:
        self.model = model
        self._padding_id = tokenizer.pad_token_id or 0
        self._pad_left = tokenizer.padding_side == "left"
        self._max_length = max_length
        self._token_budget = token_budget
        self._invariant_linears = BatchInvariantLinears()

    @property
    def row_counts(self) -> Collection[RowCounts]:
        """The verified row counts of the linear layers that have been computed so far."""
        return self._invariant_linears.row_counts.values()

    def logits(self, sequences: Sequence[Tokens], *, unbatched: bool = False) -> np.ndarray:
        """Compute logits: float32 (n, k); ``unbatched`` puts each sequence in its own batch."""
        if unbatched and len(sequences) > 1:
            return np.concatenate([self.logits([tokens]) for tokens in sequences])
        batches = plan_batches(
            [len(tokens) for tokens in sequences],
            max_length=self._max_length,
            token_budget=self._token_budget,
            fixed_shapes=self.model.device.type != "cpu",
        )
        rows = np.zeros((len(sequences), self.model.config.num_labels), dtype=np.float32)
        with torch.inference_mode(), self._invariant_linears:
            for batch in batches:
                inputs = self.pad([sequences[row] for row in batch.rows], batch.length)
                logits = self.model(**inputs).logits[: batch.real]
                rows[batch.rows[: batch.real]] = logits.float().cpu().numpy()
        return rows

    def pad(self, sequences: Sequence[Tokens], length: int) -> dict[str, Any]:
        """Pad sequences to ``length``; return the model's inputs, int64 tensors (n, length)."""
        ids = np.full((len(sequences), length), self._padding_id, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(sequences):
            start = length - len(tokens) if self._pad_left else 0
            ids[row, start : start + len(tokens)] = tokens
            mask[row, start : start + len(tokens)] = 1
        device = self.model.device
        return {
            "input_ids": torch.from_numpy(ids).to(device),
            "attention_mask": torch.from_numpy(mask).to(device),
        }
