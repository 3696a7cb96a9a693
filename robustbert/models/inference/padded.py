"""Any network of transformers on padded batches: for all but plain BERTs, and for GPUs.

On the CPU its linear layers are computed at row counts that were checked (`FilledLinears`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from robustbert.models.inference.batching import plan_batches
from robustbert.models.inference.linear import FilledLinears
from robustbert.models.inference.row_counts import RowCounts

Tokens = Sequence[int]


class PaddedNetwork:
    """A sequence classifier of transformers on padded batches of token sequences.

    Args:
        model: in evaluation mode, on its device.
        tokenizer: says what and where to pad.
        longest: how many tokens the model reads; None where nothing limits it.
        token_budget: tokens of a batch, at least 1.
    """

    def __init__(
        self, model: Any, tokenizer: Any, *, longest: int | None, token_budget: int
    ) -> None:
        self.model = model
        self._filler = tokenizer.pad_token_id or 0
        self._left = tokenizer.padding_side == "left"
        self._longest = longest
        self._token_budget = token_budget
        self._filled = FilledLinears()

    @property
    def row_counts(self) -> Collection[RowCounts]:
        """The row counts of the linear layers that were computed so far."""
        return self._filled.row_counts.values()

    def logits(self, sequences: Sequence[Tokens], *, alone: bool = False) -> np.ndarray:
        """Logits of token sequences: float32, shape (n, k); ``alone``: each in its own batch."""
        import torch

        if alone and len(sequences) > 1:
            return np.concatenate([self.logits([tokens]) for tokens in sequences])
        batches = plan_batches(
            [len(tokens) for tokens in sequences],
            longest=self._longest,
            token_budget=self._token_budget,
            full=self.model.device.type != "cpu",
        )
        rows = np.zeros((len(sequences), self.model.config.num_labels), dtype=np.float32)
        with torch.inference_mode(), self._filled:
            for batch in batches:
                inputs = self.pad([sequences[row] for row in batch.rows], batch.length)
                found = self.model(**inputs).logits[: batch.real]
                rows[batch.rows[: batch.real]] = found.float().cpu().numpy()
        return rows

    def pad(self, sequences: Sequence[Tokens], length: int) -> dict[str, Any]:
        """The inputs of the model: int64 tensors, shape (n, length)."""
        import torch

        ids = np.full((len(sequences), length), self._filler, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(sequences):
            start = length - len(tokens) if self._left else 0
            ids[row, start : start + len(tokens)] = tokens
            mask[row, start : start + len(tokens)] = 1
        device = self.model.device
        return {
            "input_ids": torch.from_numpy(ids).to(device),
            "attention_mask": torch.from_numpy(mask).to(device),
        }
