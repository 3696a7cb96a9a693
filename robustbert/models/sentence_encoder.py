"""The sentence encoder for similarities: MiniLM, packaged or downloaded.

With the offline assets, it also replaces the Universal Sentence Encoder and SBERT in recipes, so
similarities differ from those of the original recipes. A record lists the encoder among its assets.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from robustbert.assets import sentence_encoder_folder
from robustbert.assets.profiles import cached_per_profile
from robustbert.models.devices import choose_device, choose_dtype, describe_device
from robustbert.models.inference.batching import TOKEN_BUDGET, plan_batches, unique_sequences
from robustbert.models.inference.invariance import (
    DtypeProblem,
    Forward,
    InvarianceResult,
    choose_usable_dtype,
    find_dtype_problem,
    invariance_result,
    sample_texts,
)
from robustbert.models.inference.output_cache import CAPACITY, OutputCache
from robustbert.models.inference.packed import PackedBert
from robustbert.models.inference.packs import PACK_TOKENS
from robustbert.models.inference.row_counts import RowCounts
from robustbert.models.quiet import quiet_transformers

#: Maximum length in tokens of all-MiniLM-L6-v2 (from its sentence_bert_config.json).
MAX_LENGTH = 256

MeanPooled = Callable[[Sequence[tuple[int, ...]]], Any]
"""Maps token sequences to hidden states averaged over tokens: float32 tensor, shape (n, d)."""


class SentenceEncoder:
    """Mean-pooled, unit-norm sentence embeddings (Reimers and Gurevych 2019, section 3).

    A text's embedding is a function of that text alone, bit for bit, if :attr:`batch_invariance` is
    verified.

    Args:
        dtype: auto, float32 or bfloat16, for :meth:`encode`.
        device: auto, cpu, cuda, cuda:N or mps.
        token_budget: tokens per batch, at least 1; None selects a default for the device. Does not
            affect embeddings.

    Raises:
        MissingAssetError: the packaged MiniLM is not installed, or cannot be downloaded.
        InputError: there is no such device.
    """

    def __init__(
        self, dtype: str = "auto", device: str = "auto", token_budget: int | None = None
    ) -> None:
        from transformers import AutoModel, AutoTokenizer

        folder = sentence_encoder_folder()
        self._device = choose_device(device)
        with quiet_transformers():
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._exact = AutoModel.from_pretrained(folder, local_files_only=True)
        self._token_budget = token_budget or (
            PACK_TOKENS if self._device.type == "cpu" else TOKEN_BUDGET
        )
        self._exact = self._exact.eval().requires_grad_(False).to(self._device)
        self._networks: dict[str, Any] = {}
        self.dtype, self._verified = choose_usable_dtype(
            "the sentence encoder", choose_dtype(dtype, self._device), self.find_dtype_problem
        )
        self._networks = {used: self._networks[used] for used in {"float32", self.dtype}}
        self._exact_means = self._mean_pooled("float32")
        self._fast_means = self._mean_pooled(self.dtype)
        self._embeddings = OutputCache(lambda texts: self._encode(self._fast_means, texts))
        self._exact_embeddings = self._embeddings
        if self.dtype != "float32":  # a smaller cache, because few embeddings are recomputed
            self._exact_embeddings = OutputCache(self.encode_uncached, CAPACITY // 4)

    def find_dtype_problem(self, dtype: str) -> DtypeProblem | None:
        """The reason not to use a dtype on this machine; None if it is batch invariant."""
        import torch

        layout = "packed" if self._device.type == "cpu" else "padded"
        kind = f"{layout} by {self._token_budget} tokens, means, {describe_device(self._device)}"
        sequences = [tuple(ids) for ids in self._tokenize(sample_texts())]

        def make_forward() -> Forward:
            means = self._mean_pooled(dtype)

            def forward(sequences: Sequence[tuple[int, ...]]) -> np.ndarray:
                with torch.inference_mode():
                    return np.asarray(means(sequences).numpy())

            return forward

        return find_dtype_problem(make_forward, sequences, self._exact, dtype, kind)

    @property
    def row_counts(self) -> list[RowCounts]:
        """The verified row counts of the linear layers of its networks."""
        packed = [one for one in self._networks.values() if isinstance(one, PackedBert)]
        return [counts for network in packed for counts in network.row_counts]

    @property
    def batch_invariance(self) -> InvarianceResult:
        """The batch-invariance result of its networks, with the verified row counts."""
        return invariance_result(self._verified, self.row_counts)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Compute embeddings in the encoder's dtype: float32, shape (n, 384)."""
        return self._embeddings(texts)

    def encode_exact(self, texts: Sequence[str]) -> np.ndarray:
        """Compute embeddings in float32, whatever the encoder's dtype: float32, shape (n, 384)."""
        return self._exact_embeddings(texts)

    def encode_uncached(self, texts: Sequence[str]) -> np.ndarray:
        """Like :meth:`encode_exact`, but bypass the cache; used for verification."""
        return self._encode(self._exact_means, texts)

    def encode_unbatched(self, texts: Sequence[str]) -> np.ndarray:
        """Like :meth:`encode`, with a batch size of 1 and without the cache; for checks."""
        rows = [self._encode(self._fast_means, [text]) for text in texts]
        return np.concatenate(rows) if rows else self._encode(self._fast_means, texts)

    def _encode(self, mean_pooled: MeanPooled, texts: Sequence[str]) -> np.ndarray:
        import torch

        if not texts:
            return np.zeros((0, self._exact.config.hidden_size), dtype=np.float32)
        unique = unique_sequences(self._tokenize(texts))
        with torch.inference_mode():
            vectors = torch.nn.functional.normalize(mean_pooled(unique.items), dim=1).numpy()
        return np.asarray(vectors[unique.inverse])

    def _tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        encoded = self._tokenizer(
            list(texts), padding=False, truncation=True, max_length=MAX_LENGTH
        )
        return list(encoded["input_ids"])

    def _mean_pooled(self, dtype: str) -> MeanPooled:
        """The forward function for a dtype."""
        if dtype not in self._networks:
            self._networks[dtype] = self._make_network(dtype)
        network = self._networks[dtype]
        if isinstance(network, PackedBert):
            return network.means
        return partial(self._padded_means, network)

    def _make_network(self, dtype: str) -> Any:
        if self._device.type == "cpu":
            return PackedBert(self._exact, dtype, self._token_budget)
        return self._exact if dtype == "float32" else copy.deepcopy(self._exact).bfloat16()

    def _padded_means(self, model: Any, sequences: Sequence[tuple[int, ...]]) -> Any:
        import torch

        lengths = [len(tokens) for tokens in sequences]
        vectors = torch.zeros(len(lengths), model.config.hidden_size)
        for batch in plan_batches(
            lengths, max_length=MAX_LENGTH, token_budget=self._token_budget, fixed_shapes=True
        ):
            rows = batch.rows
            ids = torch.zeros((len(rows), batch.length), dtype=torch.int64)
            for index, row in enumerate(rows):
                ids[index, : lengths[row]] = torch.tensor(sequences[row])
            counts = torch.tensor([lengths[row] for row in rows], device=self._device)
            mask = (torch.arange(batch.length, device=self._device) < counts.unsqueeze(1)).long()
            hidden = model(input_ids=ids.to(self._device), attention_mask=mask).last_hidden_state
            means = (hidden.float() * mask.unsqueeze(-1)).sum(dim=1) / counts.unsqueeze(1)
            vectors[torch.from_numpy(rows[: batch.real])] = means[: batch.real].cpu()
        return vectors


@cached_per_profile(maxsize=4)
def sentence_encoder(
    dtype: str = "auto", device: str = "auto", token_budget: int | None = None
) -> SentenceEncoder:
    """The encoder for a dtype, device and token budget, shared within the process."""
    return SentenceEncoder(dtype, device, token_budget)
