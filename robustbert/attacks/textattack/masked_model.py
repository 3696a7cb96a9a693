"""The offline masked language model, in place of those that TextAttack's recipes download.

TextAttack pads each text to 512 tokens and scores the vocabulary at every position. This model
leaves out the padding and scores only the positions that are asked for. The scores are the same up
to rounding. They depend on the texts of one call alone, which are all of one example, and not on
the number of threads.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import torch
import transformers

from robustbert.models.inference.threads import single_threaded
from robustbert.models.masked_language_model import masked_language_model

#: The models that the recipes bae, bert-attack and clare download.
REPLACED = ("bert-base-uncased", "distilroberta-base")


class MaskedModel(torch.nn.Module):
    """A ``BertForMaskedLM`` as TextAttack's transformations call it.

    Args:
        network: the network, in evaluation mode.
    """

    def __init__(self, network: transformers.BertForMaskedLM) -> None:
        super().__init__()
        self.network = network
        self.config = network.config

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> tuple[TokenScores]:
        """The scores of the vocabulary at each position, as the first entry of a tuple.

        Args:
            input_ids: (n, length), padded at the end.
            attention_mask: (n, length).
            token_type_ids: (n, length).
        """
        length = int(attention_mask.sum(dim=1).max())
        return (self.scores(input_ids, attention_mask, token_type_ids, length),)

    def scores(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        token_type_ids: torch.Tensor,
        length: int,
    ) -> TokenScores:
        """The scores of the first ``length`` positions."""
        with single_threaded():
            hidden = self.network.bert(
                input_ids[:, :length],
                attention_mask=attention_mask[:, :length],
                token_type_ids=token_type_ids[:, :length],
            )[0]
        return TokenScores(hidden, self.network.cls)


class TokenScores:
    """Scores of the vocabulary, computed for the positions that are asked for.

    Args:
        hidden: the network's last hidden states, (n, length, hidden size).
        head: computes scores (..., vocabulary) of hidden states.
    """

    def __init__(self, hidden: torch.Tensor, head: torch.nn.Module) -> None:
        self._hidden = hidden
        self._head = head

    def __getitem__(self, position: Any) -> torch.Tensor:
        """The scores at an index of the first two dimensions."""
        with single_threaded():
            return torch.as_tensor(self._head(self._hidden[position]))


@cache
def masked_model() -> MaskedModel:
    """The asset ``masked-lm``, in float32."""
    return MaskedModel(masked_language_model().network)


def masked_tokenizer() -> Any:
    """The tokenizer of :func:`masked_model`."""
    return masked_language_model().tokenizer


def offline_model_class(original: Any) -> Any:
    """A class of transformers whose ``from_pretrained`` knows :data:`REPLACED` offline."""
    return _offline(original, masked_model)


def offline_tokenizer_class(original: Any) -> Any:
    """``AutoTokenizer`` whose ``from_pretrained`` knows :data:`REPLACED` offline."""
    return _offline(original, masked_tokenizer)


def offline_transformers(original: Any) -> SimpleNamespace:
    """What the recipe clare uses of the module ``transformers``.

    It loads its model as one for causal language modelling, but without a decoder's attention mask,
    so that it sees both sides, as a masked language model does.
    """
    return SimpleNamespace(
        AutoModelForCausalLM=offline_model_class(original.AutoModelForCausalLM),
        AutoTokenizer=offline_tokenizer_class(original.AutoTokenizer),
    )


def _offline(original: Any, load: Any) -> SimpleNamespace:
    def from_pretrained(name: str, *args: Any, **options: Any) -> Any:
        return load() if name in REPLACED else original.from_pretrained(name, *args, **options)

    return SimpleNamespace(from_pretrained=from_pretrained)
