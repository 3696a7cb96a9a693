"""Padded-batch inference, for networks other than BERT and for GPUs.

On the CPU, linear layers run with verified numbers of rows (`BatchInvariantLinears`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from robustbert.models.inference.batching import LENGTH_STEP, ROW_STEP, plan_batches
from robustbert.models.inference.linear import BatchInvariantLinears
from robustbert.models.inference.packs import Tokens
from robustbert.models.inference.row_counts import RowCounts

Network = Callable[[Any, Any], Any]
"""Maps token ids (b, t) or their embeddings (b, t, d), and an attention mask (b, t), to logits."""


@dataclass(frozen=True)
class Layout:
    """How sequences are put into batches.

    Args:
        padding_id: the token id to pad with.
        pad_left: whether to pad at the start of a sequence instead of its end.
        max_length: the maximum input length in tokens; None for no limit.
        token_budget: tokens per batch, at least 1.
        length_step: padded lengths are multiples of this; 1 for no padding.
        row_step: a batch is filled to a multiple of this many sequences.
        check_linears: run linear layers on the CPU with verified numbers of rows.
    """

    padding_id: int
    pad_left: bool
    max_length: int | None
    token_budget: int
    length_step: int = LENGTH_STEP
    row_step: int = ROW_STEP
    check_linears: bool = True


class PaddedNetwork:
    """A network that runs on batches of token sequences.

    Args:
        network: in evaluation mode when it is called.
        device: the device of its inputs.
        layout: how sequences are put into batches.
    """

    def __init__(self, network: Network, device: torch.device, layout: Layout) -> None:
        self._network = network
        self._device = device
        self._layout = layout
        self._fixed_shapes = device.type != "cpu"
        self._invariant_linears = BatchInvariantLinears()

    @classmethod
    def of_transformers(
        cls, model: Any, tokenizer: Any, *, max_length: int | None, token_budget: int
    ) -> PaddedNetwork:
        """A transformers sequence classifier with the padding token and side of its tokenizer."""

        def network(inputs: Any, mask: Any) -> Any:
            if inputs.is_floating_point():
                return model(inputs_embeds=inputs.to(model.dtype), attention_mask=mask).logits
            return model(input_ids=inputs, attention_mask=mask).logits

        layout = Layout(
            padding_id=tokenizer.pad_token_id or 0,
            pad_left=tokenizer.padding_side == "left",
            max_length=max_length,
            token_budget=token_budget,
        )
        return cls(network, model.device, layout)

    @property
    def row_counts(self) -> Collection[RowCounts]:
        """The verified row counts of the linear layers that have been computed so far."""
        return self._invariant_linears.row_counts.values()

    def logits(self, sequences: Sequence[Tokens], *, unbatched: bool = False) -> np.ndarray:
        """Compute logits: float32 (n, k); ``unbatched`` puts each sequence in its own batch."""
        if unbatched and len(sequences) > 1:
            return np.concatenate([self.logits([tokens]) for tokens in sequences])
        layout = self._layout
        batches = plan_batches(
            [len(tokens) for tokens in sequences],
            max_length=layout.max_length,
            token_budget=layout.token_budget,
            fixed_shapes=self._fixed_shapes,
            length_step=layout.length_step,
            row_step=layout.row_step,
        )
        results = []
        # Not in inference mode: its tensors, if the network keeps some, could not be trained on.
        with torch.no_grad(), self._invariant_linears if layout.check_linears else nullcontext():
            for batch in batches:
                inputs = self._pad([sequences[row] for row in batch.rows], batch.length)
                logits = self._network(*inputs)[: batch.real]
                results.append(logits.float().cpu().numpy())
        joined = np.concatenate(results)
        rows = np.empty_like(joined)
        rows[np.concatenate([batch.rows[: batch.real] for batch in batches])] = joined
        return rows

    def _pad(self, sequences: Sequence[Tokens], length: int) -> tuple[Any, Any]:
        """Pad sequences to ``length``; return their ids or embeddings, and their mask, int64."""
        mask = np.zeros((len(sequences), length), dtype=np.int64)
        for row, tokens in enumerate(sequences):
            mask[row, self._columns(tokens, length)] = 1
        first = sequences[0]
        inputs: Any
        if isinstance(first, torch.Tensor):
            inputs = first.new_zeros(len(sequences), length, first.shape[1])
        else:
            inputs = np.full_like(mask, self._layout.padding_id)
        for row, tokens in enumerate(sequences):
            inputs[row, self._columns(tokens, length)] = tokens
        device = self._device
        return torch.as_tensor(inputs).to(device), torch.from_numpy(mask).to(device)

    def _columns(self, tokens: Tokens, length: int) -> slice:
        """Where a sequence lies in a padded row."""
        start = length - len(tokens) if self._layout.pad_left else 0
        return slice(start, start + len(tokens))
