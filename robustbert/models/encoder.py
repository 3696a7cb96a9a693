"""The sentence encoder that similarities are measured with: the packaged MiniLM.

It stands where recipes have the Universal Sentence Encoder or SBERT, so similarities differ from
theirs; a record names it among its assets.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from robustbert.assets import sentence_encoder_folder
from robustbert.models.batching import distinct, plan_batches
from robustbert.models.devices import choose_device, choose_dtype
from robustbert.models.quiet import quiet_transformers
from robustbert.models.remembered import CAPACITY, Remembered

#: What all-MiniLM-L6-v2 was trained to read, in tokens (its sentence_bert_config.json).
MAX_LENGTH = 256


class SentenceEncoder:
    """Mean-pooled, unit-norm encodings (Reimers and Gurevych 2019, section 3).

    A text's encoding is a function of the text alone, to the last bit.

    Args:
        dtype: auto, float32 or bfloat16, for :meth:`encode`.
        device: auto, cpu, cuda, cuda:N or mps.

    Raises:
        MissingAssetError: the packaged MiniLM is not installed.
        InputError: there is no such device.
    """

    def __init__(self, dtype: str = "auto", device: str = "auto") -> None:
        from transformers import AutoModel, AutoTokenizer

        folder = sentence_encoder_folder()
        self._device = choose_device(device)
        self.dtype = choose_dtype(dtype, self._device)
        with quiet_transformers():
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._exact = AutoModel.from_pretrained(folder, local_files_only=True).eval()
        self._exact = self._exact.to(self._device)
        self._fast = self._exact
        if self.dtype == "bfloat16":
            self._fast = copy.deepcopy(self._exact).bfloat16()
        self._encodings = Remembered(lambda texts: self._encode(self._fast, texts))
        self._exact_encodings = self._encodings
        if self._fast is not self._exact:  # few are taken again
            self._exact_encodings = Remembered(self.encode_afresh, CAPACITY // 4)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Encodings in the encoder's dtype: float32, shape (n, 384)."""
        return self._encodings(texts)

    def encode_exact(self, texts: Sequence[str]) -> np.ndarray:
        """Encodings in float32 whatever the dtype: float32, shape (n, 384)."""
        return self._exact_encodings(texts)

    def encode_afresh(self, texts: Sequence[str]) -> np.ndarray:
        """As :meth:`encode_exact`, computed whatever is remembered: to check with."""
        return self._encode(self._exact, texts)

    def _encode(self, model: Any, texts: Sequence[str]) -> np.ndarray:
        import torch

        if not texts:
            return np.zeros((0, model.config.hidden_size), dtype=np.float32)
        encoded = self._tokenizer(
            list(texts), padding=False, truncation=True, max_length=MAX_LENGTH
        )["input_ids"]
        found = distinct(encoded)
        lengths = [len(ids) for ids in found.items]
        vectors = np.zeros((len(lengths), model.config.hidden_size), dtype=np.float32)
        full = self._device.type != "cpu"
        with torch.inference_mode():
            for batch in plan_batches(lengths, longest=MAX_LENGTH, full=full):
                sequences = [found.items[row] for row in batch.rows]
                pooled = self._pool(model, sequences, batch.length)
                vectors[batch.rows[: batch.real]] = pooled[: batch.real].cpu().numpy()
        return np.asarray(vectors[found.inverse])

    def _pool(self, model: Any, sequences: Sequence[tuple[int, ...]], length: int) -> Any:
        """Unit-norm means over tokens: float32 tensor, shape (b, d)."""
        import torch

        rows = [torch.tensor(sequence) for sequence in sequences]
        lengths = torch.tensor([len(sequence) for sequence in sequences], device=self._device)
        ids = torch.zeros((len(rows), length), dtype=torch.int64)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = row
        mask = (torch.arange(length, device=self._device) < lengths.unsqueeze(1)).long()
        hidden = model(input_ids=ids.to(self._device), attention_mask=mask).last_hidden_state
        means = (hidden.float() * mask.unsqueeze(-1)).sum(dim=1) / lengths.unsqueeze(1)
        return torch.nn.functional.normalize(means, dim=1)


@lru_cache(maxsize=4)
def sentence_encoder(dtype: str = "auto", device: str = "auto") -> SentenceEncoder:
    """The one encoder of this process for a number format and a device."""
    return SentenceEncoder(dtype, device)
