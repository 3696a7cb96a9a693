"""A table with a perturbation per token of the vocabulary, which a network holds in training."""

from __future__ import annotations

import math
from typing import Any

import torch
import transformers

from robustbert.defenses.embedding_perturbation import SMALLEST_NORM, Batch

#: The name of the table within the network, so that checkpoints hold it.
ATTRIBUTE = "token_perturbations"


class TokenTable(torch.nn.Module):
    """The accumulated perturbation of each token.

    Args:
        weight: the token embeddings, whose shape, dtype and device the table has.
        initial_norm: the largest L2 norm of a row at first.
        seed: of the random start.
    """

    def __init__(self, weight: torch.Tensor, initial_norm: float, seed: int) -> None:
        super().__init__()
        # A generator of its own: dropout and the order of texts stay those of plain training.
        generator = torch.Generator().manual_seed(seed)
        scale = initial_norm / math.sqrt(weight.shape[1])
        start = (2 * torch.rand(weight.shape, generator=generator) - 1) * scale
        self.rows: torch.Tensor
        self.register_buffer("rows", start.to(weight))

    def read(self, batch: Batch) -> torch.Tensor:
        """The perturbations of a batch's tokens, (n, t, d), divided by their common L2 norm."""
        found = batch.without_padding(self.rows[batch.input_ids])
        scaled: torch.Tensor = found / found.norm().clamp(min=SMALLEST_NORM)
        return scaled

    def add(self, batch: Batch, perturbations: torch.Tensor) -> None:
        """Add the perturbations (n, t, d) of a batch's tokens, and those of all processes."""
        several = torch.distributed.is_available() and torch.distributed.is_initialized()
        target = torch.zeros_like(self.rows) if several else self.rows
        target.index_put_((batch.input_ids,), perturbations.detach(), accumulate=True)
        if several:
            torch.distributed.all_reduce(target)
            self.rows += target


class AttachTable(transformers.TrainerCallback):  # type: ignore[misc]
    """Attach a table to the network for the length of its training.

    Args:
        initial_norm: the largest L2 norm of a row at first.
    """

    def __init__(self, initial_norm: float) -> None:
        self._initial_norm = initial_norm

    def on_init_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """Attach it."""
        weight = model.get_input_embeddings().weight.detach()
        setattr(model, ATTRIBUTE, TokenTable(weight, self._initial_norm, args.seed))

    def on_train_end(
        self, args: Any, state: Any, control: Any, model: Any = None, **_: Any
    ) -> None:
        """Remove it."""
        delattr(model, ATTRIBUTE)


def attached_table(network: Any) -> TokenTable:
    """The table of a network."""
    table: TokenTable = getattr(network, ATTRIBUTE)
    return table
