"""The masked language models that TextAttack's recipes use, in place of those that it downloads.

With the offline assets, it is one model for all recipes; with the canonical ones, the model that
each recipe names, loaded once per process by the class that the recipe uses.

TextAttack pads each text to 512 tokens and scores the vocabulary at every position. These models
leave out the padding and score only the positions that are asked for. The scores are the same up
to rounding. They depend on the texts of one call alone, which are all of one example, and not on
the number of threads.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType, SimpleNamespace
from typing import Any

import torch
import transformers

from robustbert.assets import asset_folder
from robustbert.assets.canonical_assets import DISTILROBERTA
from robustbert.assets.profiles import cached_per_profile, is_canonical
from robustbert.models.inference.threads import single_threaded
from robustbert.models.masked_language_model import ASSET, masked_language_model
from robustbert.models.quiet import quiet_transformers

#: The models that the recipes bae, bert-attack and clare download, with the canonical assets.
REPLACED = MappingProxyType({"bert-base-uncased": ASSET, "distilroberta-base": DISTILROBERTA})


class MaskedModel(torch.nn.Module):
    """A network of masked language modelling as TextAttack's transformations call it.

    Args:
        network: a network like BERT's or RoBERTa's, in evaluation mode.
    """

    def __init__(self, network: transformers.PreTrainedModel) -> None:
        super().__init__()
        self.network = network
        self.config = network.config

    def forward(self, **encoded: torch.Tensor) -> tuple[TokenScores]:
        """The scores of the vocabulary at each position, as the first entry of a tuple.

        Args:
            encoded: what the tokenizer returns, padded at the end: ``input_ids``,
                ``attention_mask`` and, for BERT, ``token_type_ids``, each (n, length).
        """
        length = int(encoded["attention_mask"].sum(dim=1).max())
        return (self.scores(**encoded, length=length),)

    def scores(self, *, length: int, **encoded: torch.Tensor) -> TokenScores:
        """The scores of the first ``length`` positions."""
        with single_threaded():
            hidden = self.network.base_model(
                **{name: values[:, :length] for name, values in encoded.items()}
            )[0]
        is_bert = hasattr(self.network, "cls")
        return TokenScores(hidden, self.network.cls if is_bert else self.network.lm_head)


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
    """The offline asset ``masked-lm``, in float32."""
    return MaskedModel(masked_language_model().network)


def masked_tokenizer() -> Any:
    """The tokenizer of :func:`masked_model`."""
    return masked_language_model().tokenizer


def replaced_model_class(original: Any) -> Any:
    """A class of transformers whose ``from_pretrained`` knows :data:`REPLACED` from the assets."""
    return _replaced(original, masked_model, _canonical_model)


def replaced_tokenizer_class(original: Any) -> Any:
    """``AutoTokenizer`` whose ``from_pretrained`` knows :data:`REPLACED` from the assets."""
    return _replaced(original, masked_tokenizer, _canonical_tokenizer)


def replaced_transformers(original: Any) -> SimpleNamespace:
    """What the recipe clare uses of the module ``transformers``.

    It loads its model as one for causal language modelling, but without a decoder's attention mask,
    so that it sees both sides, as a masked language model does.
    """
    return SimpleNamespace(
        AutoModelForCausalLM=replaced_model_class(original.AutoModelForCausalLM),
        AutoTokenizer=replaced_tokenizer_class(original.AutoTokenizer),
    )


@cached_per_profile()
def _canonical_model(asset: str, original: Any) -> MaskedModel:
    with quiet_transformers():
        network = original.from_pretrained(
            asset_folder(asset),
            local_files_only=True,
            use_safetensors=True,
            torch_dtype=torch.float32,
        )
    return MaskedModel(network.eval())


@cached_per_profile()
def _canonical_tokenizer(asset: str, original: Any) -> Any:
    with quiet_transformers():
        return original.from_pretrained(asset_folder(asset), local_files_only=True, use_fast=True)


def _replaced(original: Any, offline: Any, canonical: Any) -> SimpleNamespace:
    def from_pretrained(name: str, *args: Any, **options: Any) -> Any:
        if name not in REPLACED:
            return original.from_pretrained(name, *args, **options)
        return canonical(REPLACED[name], original) if is_canonical() else offline()

    return SimpleNamespace(from_pretrained=from_pretrained)
