"""The sentence encoders that recipes name themselves, for the canonical assets.

TextAttack encodes many texts at once, and pads them, so that the last bits of an embedding depend
on the other texts. Here each text is encoded by itself, so an embedding is a function of its text.
That is slower; embeddings are cached.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from robustbert.assets import asset_folder
from robustbert.assets.asset_registry import check_packages
from robustbert.assets.canonical_assets import SBERT
from robustbert.assets.profiles import cached_per_profile
from robustbert.errors import MissingAssetError
from robustbert.models.devices import choose_device
from robustbert.models.inference.output_cache import CAPACITY, OutputCache
from robustbert.models.inference.threads import single_threaded
from robustbert.models.quiet import quiet_transformers

#: The maximum length in tokens of sentence-transformers' models that state none.
_MAX_LENGTH = 128


class TextEncoder(Protocol):
    """Computes embeddings of texts."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit-norm embeddings, cached: float32, shape (n, d)."""
        ...

    def encode_uncached(self, texts: Sequence[str]) -> np.ndarray:
        """Like :meth:`encode`, but bypass the cache."""
        ...


class OriginalEncoder:
    """An encoder that encodes each text by itself.

    Args:
        embed: the embedding of a text, shape (d,).
    """

    def __init__(self, embed: Callable[[str], np.ndarray]) -> None:
        self._embed = embed
        self._cached = OutputCache(self.encode_uncached, CAPACITY // 4)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit-norm embeddings, cached: float32, shape (n, d)."""
        return self._cached(texts)

    def encode_uncached(self, texts: Sequence[str]) -> np.ndarray:
        """Like :meth:`encode`, but bypass the cache."""
        if not texts:
            return np.zeros((0, 1), dtype=np.float32)
        rows = np.stack([np.asarray(self._embed(text), dtype=np.float32) for text in texts])
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / np.maximum(norms, np.finfo(np.float32).tiny))


@cached_per_profile()
def original_encoder(asset: str, device: str = "auto") -> OriginalEncoder:
    """The encoder of a canonical asset, loaded once per process.

    Args:
        asset: the asset's name.
        device: auto, cpu, cuda, cuda:N or mps; TensorFlow chooses its device itself.

    Raises:
        MissingAssetError: it cannot be downloaded, a package is missing that it needs, or its files
            are not those of such an encoder.
    """
    folder = asset_folder(asset)
    check_packages([asset])
    embed = _sbert(folder, device) if asset == SBERT else _universal(folder)
    return OriginalEncoder(embed)


def _sbert(folder: Path, device: str) -> Callable[[str], np.ndarray]:
    """Mean-pooled hidden states, as sentence-transformers computes them, in float32."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    if not _read(folder / "1_Pooling" / "config.json").get("pooling_mode_mean_tokens"):
        raise MissingAssetError(
            f"the encoder in {folder} does not average over tokens, so it is not the one that "
            "a2t uses; delete the folder, and check the address of the mirror if you set one"
        )
    stated = _read(folder / "sentence_bert_config.json")
    chosen = choose_device(device)
    with quiet_transformers():
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, torch_dtype=torch.float32
        )
    model = model.eval().requires_grad_(False).to(chosen)
    length = int(stated.get("max_seq_length") or _MAX_LENGTH)

    def embed(text: str) -> np.ndarray:
        encoded = tokenizer(text.strip(), truncation=True, max_length=length, return_tensors="pt")
        with single_threaded(), torch.inference_mode():
            hidden = model(**encoded.to(chosen)).last_hidden_state
            return np.asarray(hidden[0].mean(dim=0).cpu().numpy())

    return embed


def _universal(folder: Path) -> Callable[[str], np.ndarray]:
    """The Universal Sentence Encoder, called as TextAttack calls it."""
    try:
        hub: Any = importlib.import_module("tensorflow_hub")
    except ImportError as error:  # it needs other packages
        raise MissingAssetError(
            f"the Universal Sentence Encoder needs tensorflow_hub, which cannot be imported "
            f"({error}); install it: pip install 'robustbert[use]'"
        ) from error
    model = hub.load(str(folder))

    def embed(text: str) -> np.ndarray:
        encoding = model([text])
        encoding = encoding["outputs"] if isinstance(encoding, dict) else encoding
        return np.asarray(encoding.numpy()[0])

    return embed


def _read(path: Path) -> dict[str, Any]:
    """A JSON file; empty if it is missing."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content
