"""A classifier's network as a function of the embeddings of a text's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from robustbert.errors import ModelError
from robustbert.models.inference.invariance import (
    DtypeProblem,
    InvarianceResult,
    find_dtype_problem,
    invariance_result,
    sample_texts,
)
from robustbert.models.inference.packed import PackedNetwork
from robustbert.models.inference.padded import PaddedNetwork
from robustbert.models.tokenization import TransformersTokenization


@dataclass(frozen=True, eq=False)
class EmbeddedNetwork:
    """The network of a classifier, for defenses that change embeddings at inference.

    Args:
        model: the network of transformers, float32, in evaluation mode.
        tokenizer: its tokenizer.
        tokenization: turns texts into its token ids.
        query: runs it in the inference dtype.
        exact: runs it in float32.
        dtype: the inference dtype.
        batching: how texts are batched on which device, for the cache of batch-invariance checks.
        order: the number of the output for each label of the classifier.
        temperature: what its logits are divided by.
    """

    model: Any
    tokenizer: Any
    tokenization: TransformersTokenization = field(repr=False)
    query: PackedNetwork | PaddedNetwork
    exact: PackedNetwork | PaddedNetwork
    dtype: str
    batching: str
    order: Sequence[int]
    temperature: float

    @property
    def weight(self) -> torch.Tensor:
        """The embeddings of all tokens, without positions: float32 (v, d)."""
        weight: torch.Tensor = self.model.get_input_embeddings().weight.detach()
        return weight

    def logits(
        self, texts: Sequence[torch.Tensor], *, exact: bool = False, unbatched: bool = False
    ) -> np.ndarray:
        """Compute logits: float32 (n, k), in the order of the classifier's labels.

        A text's row is a function of its embeddings alone, if :attr:`batch_invariance` is verified.

        Args:
            texts: the embeddings of each text's tokens, float32 (t, d), on the device of
                :attr:`weight`; special tokens included, positions not.
            exact: compute in float32 instead of the inference dtype.
            unbatched: put each text in its own batch.
        """
        network = self.exact if exact else self.query
        return network.logits(texts, unbatched=unbatched)[:, list(self.order)] / self.temperature

    def differentiable_logits(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Compute logits (n, k) of n texts of t tokens each, float32 (n, t, d), with a graph."""
        logits: torch.Tensor = self.model(inputs_embeds=embeddings).logits
        return logits[:, list(self.order)] / self.temperature

    def checked(self, name: str) -> EmbeddedNetwork:
        """The same network, if its logits do not depend on more than embeddings.

        Those of networks that look for the padding token, such as GPT-2, do.

        Args:
            name: the model's name, for the message.

        Raises:
            ModelError: logits of embeddings are not those of their tokens.
        """
        ids = self.tokenization.encode(sample_texts())
        expected = self.exact.logits([tuple(tokens) for tokens in ids])
        found = self.exact.logits([self.weight[tokens] for tokens in ids])
        if not np.allclose(found, expected, rtol=1e-3, atol=1e-3):
            raise ModelError(
                f"model {name!r} computes other predictions from the embeddings of tokens than "
                "from the tokens, so its embeddings cannot be changed; use a network such as BERT"
            )
        return self

    def reordered(self, order: Sequence[int]) -> EmbeddedNetwork:
        """The same network whose i-th label is the present one with the number ``order[i]``."""
        return replace(self, order=[self.order[label] for label in order])

    @cached_property
    def batch_invariance(self) -> InvarianceResult:
        """Whether logits of embeddings were verified to be batch invariant, in both dtypes."""
        sequences = [self.weight[ids] for ids in self.tokenization.encode(sample_texts())]
        networks = {self.dtype: self.query, "float32": self.exact}
        problems = [self._problem(sequences, *named) for named in networks.items()]
        counts = [counts for network in networks.values() for counts in network.row_counts]
        return invariance_result(problems == [None] * len(problems), counts)

    def _problem(
        self, sequences: Sequence[torch.Tensor], dtype: str, network: PackedNetwork | PaddedNetwork
    ) -> DtypeProblem | None:
        kind = f"{self.batching} from embeddings"
        return find_dtype_problem(lambda: network.logits, sequences, self.model, dtype, kind)
