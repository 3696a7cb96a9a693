"""A callback that gives a network the table of substitutes of its tokens for its training."""

from __future__ import annotations

from typing import Any

import torch
import transformers

from robustbert.defenses.substitutions import SubstituteTable, substitute_table

#: The name of the table within the network.
ATTRIBUTE = "token_substitutes"


class AttachSubstitutes(transformers.TrainerCallback):  # type: ignore[misc]
    """Attach the table of substitutes to the network for the length of its training.

    It is a plain attribute: tokenizer and assets determine it, so checkpoints need not hold it, and
    as a buffer it would be sent to all processes before each pass.

    Args:
        count: the largest number of substitutes of a token.
        min_cosine: the smallest cosine similarity of a substitute.
    """

    def __init__(self, count: int, min_cosine: float) -> None:
        self._count = count
        self._min_cosine = min_cosine

    def on_init_end(
        self,
        args: Any,
        state: Any,
        control: Any,
        model: Any = None,
        processing_class: Any = None,
        **_: Any,
    ) -> None:
        """Attach it."""
        vocabulary = model.get_input_embeddings().num_embeddings
        table = substitute_table(processing_class, vocabulary, self._count, self._min_cosine)
        setattr(model, ATTRIBUTE, table)

    def on_train_end(
        self, args: Any, state: Any, control: Any, model: Any = None, **_: Any
    ) -> None:
        """Remove it."""
        delattr(model, ATTRIBUTE)


def attached_substitutes(network: Any, device: torch.device) -> SubstituteTable:
    """The table of a network, on a device, where it stays."""
    table: SubstituteTable = getattr(network, ATTRIBUTE)
    if table.continues.device != device:
        table = table.to(device)
        setattr(network, ATTRIBUTE, table)
    return table
