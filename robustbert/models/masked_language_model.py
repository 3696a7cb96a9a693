"""The asset ``masked-lm``: a small masked language model with its tokenizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from robustbert.assets import asset_folder, ensure_assets
from robustbert.assets.profiles import cached_per_profile
from robustbert.models.quiet import quiet_transformers

ASSET = "masked-lm"


@dataclass(frozen=True, eq=False)
class MaskedLanguageModel:
    """A masked language model.

    Args:
        network: a ``transformers.BertForMaskedLM`` in evaluation mode, on the CPU, in float32.
        tokenizer: its tokenizer, a fast one of transformers.
        sha256: the hash of the files of both.
    """

    network: Any
    tokenizer: Any
    sha256: str


@cached_per_profile()
def masked_language_model() -> MaskedLanguageModel:
    """The asset of the current profile, loaded once per process.

    Raises:
        MissingAssetError: the asset cannot be built or downloaded.
    """
    import torch
    from transformers import AutoTokenizer, BertForMaskedLM

    folder = asset_folder(ASSET)
    with quiet_transformers():
        network = BertForMaskedLM.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, torch_dtype=torch.float32
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, use_fast=True)
    return MaskedLanguageModel(network.eval(), tokenizer, ensure_assets([ASSET])[ASSET])
