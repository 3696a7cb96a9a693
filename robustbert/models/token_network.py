"""A classifier's network as a differentiable function of token ids, for explanations."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from robustbert.errors import ModelError
from robustbert.models.quiet import quiet_transformers
from robustbert.models.tokenization import TokenSpan, TransformersTokenization


@dataclass(frozen=True, eq=False)
class TokenNetwork:
    """The network of a classifier in float32 and evaluation mode, with gradients.

    It computes n texts of the same number of tokens at once, without padding.

    Args:
        module: the network.
        embedding: its layer that maps token ids to embeddings, before positions are added.
        tokenization: turns texts into its token ids.
        forward: maps token ids, int64 (n, t), to logits (n, k), in the order of the classifier's
            labels; it calls ``module``.
        padding_id: the token that stands for no token; 0 if there is none.
        name: the model's name, for messages.
    """

    module: Any
    embedding: Any
    tokenization: TransformersTokenization
    forward: Callable[[torch.Tensor], torch.Tensor]
    padding_id: int
    name: str

    @property
    def device(self) -> torch.device:
        """The device of the network."""
        device: torch.device = self.embedding.weight.device
        return device

    def encode(self, text: str) -> tuple[torch.Tensor, list[TokenSpan]]:
        """The token ids of a text, int64 (1, t), and the position of each token in the text.

        Raises:
            ModelError: the tokenizer does not return the positions of tokens.
        """
        ids, spans = self.tokenization.encode_with_spans(text)
        return torch.tensor([ids], device=self.device), spans

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        """The embeddings of token ids, without positions: float32 (n, t, d)."""
        embeddings: torch.Tensor = self.embedding(ids).detach()
        return embeddings

    def logits(self, ids: torch.Tensor, embeddings: torch.Tensor | None = None) -> torch.Tensor:
        """Compute logits (n, k) with a graph.

        Args:
            ids: the token ids, int64 (n, t).
            embeddings: what to use in place of the embeddings of ``ids``, float32 (n, t, d).
        """
        if embeddings is None:
            return self.forward(ids)
        handle = self.embedding.register_forward_hook(lambda *_: embeddings)
        try:
            return self.forward(ids)
        finally:
            handle.remove()

    def reordered(self, order: Sequence[int]) -> TokenNetwork:
        """The same network whose i-th label is the present one with the number ``order[i]``."""
        inner, columns = self.forward, list(order)
        return replace(self, forward=lambda ids: inner(ids)[:, columns])

    def divided_by(self, temperature: float) -> TokenNetwork:
        """The same network with its logits divided by a number above 0."""
        inner = self.forward
        return replace(self, forward=lambda ids: inner(ids) / temperature)

    def encoder_layers(self) -> list[Any]:
        """The layers of the network's encoder, in order.

        Raises:
            ModelError: the network has no list of layers as transformers have it.
        """
        found = find_encoder_layers(self.module)
        if found is None:
            raise ModelError(
                f"model {self.name!r} has no encoder layers as networks of transformers have; use "
                "a method that needs only embeddings, such as integrated-gradients"
            )
        return found

    def attentions(self, ids: torch.Tensor) -> torch.Tensor:
        """The attention weights of each layer and head for one text: float32 (l, h, t, t).

        Args:
            ids: the token ids, int64 (1, t).

        Raises:
            ModelError: the network does not return attention weights.
        """
        from transformers import PreTrainedModel

        output = None
        if isinstance(self.module, PreTrainedModel):
            with torch.no_grad(), quiet_transformers():
                output = self.module(input_ids=ids, output_attentions=True)
        weights = getattr(output, "attentions", None)
        if not weights or any(layer is None for layer in weights):
            raise ModelError(
                f"model {self.name!r} does not return attention weights; use a method that needs "
                "none, such as integrated-gradients"
            )
        return torch.cat(list(weights))


def network_of_transformers(
    model: Any, tokenization: TransformersTokenization, name: str
) -> TokenNetwork:
    """A network of transformers as a :class:`TokenNetwork`, in the model's own order of labels.

    Its attention is computed by plain matrix products ("eager"), so that it returns attention
    weights. It shares the weights of ``model``.

    Args:
        model: a sequence classifier of transformers, in float32.
        tokenization: turns texts into its token ids.
        name: the model's name, for messages.
    """
    module = _with_eager_attention(model)
    return TokenNetwork(
        module=module,
        embedding=module.get_input_embeddings(),
        tokenization=tokenization,
        forward=lambda ids: module(input_ids=ids).logits,
        padding_id=tokenization.padding_id,
        name=name,
    )


def _with_eager_attention(model: Any) -> Any:
    from transformers import AutoModelForSequenceClassification

    with torch.device("meta"), quiet_transformers():
        twin = AutoModelForSequenceClassification.from_config(
            copy.deepcopy(model.config), attn_implementation="eager"
        )
    twin.load_state_dict(model.state_dict(), assign=True)
    for name, buffer in model.named_buffers():  # some are no part of the state
        owner, _, last = name.rpartition(".")
        twin.get_submodule(owner)._buffers[last] = buffer
    return twin.eval().requires_grad_(False)


def find_encoder_layers(module: Any) -> list[Any] | None:
    """The layers of a network's encoder, in order; None if it has no list of layers.

    Args:
        module: a network with a ``config``, as those of transformers have it.
    """
    number = getattr(getattr(module, "config", None), "num_hidden_layers", None)
    for part in module.modules():
        if isinstance(part, torch.nn.ModuleList) and len(part) == number:
            return list(part)
    return None
