"""Embeddings of single words from the packaged MiniLM."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robustbert.errors import MissingAssetError

_BATCH = 256


def frequent_words(count: int) -> tuple[str, ...]:
    """The ``count`` most frequent English words of the letters a to z, in descending frequency.

    Raises:
        MissingAssetError: ``wordfreq``'s list is too short.
    """
    from wordfreq import top_n_list

    # About one entry in six is a number, or contains an apostrophe or an accent.
    ranked = top_n_list("en", 2 * count)
    words = tuple(word for word in ranked if word.isascii() and word.isalpha())[:count]
    if len(words) < count:
        raise MissingAssetError(
            f"wordfreq's list contains {len(words)} words instead of {count}; "
            "install it again: pip install --force-reinstall wordfreq"
        )
    return words


def embed_words(words: Sequence[str], model_folder: Path) -> NDArray[np.float32]:
    """Compute the embedding of each word: the mean over its tokens, scaled to unit norm.

    Words with the same number of tokens share a batch, so no padding is needed.

    Args:
        words: single words.
        model_folder: the encoder's weights and tokenizer.

    Returns:
        float32 ``(n, hidden_size)``, one row per word.
    """
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model_folder, local_files_only=True)
    model = AutoModel.from_pretrained(model_folder, local_files_only=True).eval()
    ids = tokenizer(list(words))["input_ids"]
    by_length = sorted(range(len(words)), key=lambda row: len(ids[row]))
    encoded = np.empty((len(words), model.config.hidden_size), dtype=np.float32)
    with torch.inference_mode():
        for _, group in groupby(by_length, key=lambda row: len(ids[row])):
            rows = list(group)
            for start in range(0, len(rows), _BATCH):
                batch = rows[start : start + _BATCH]
                hidden = model(torch.tensor([ids[row] for row in batch])).last_hidden_state
                mean = torch.nn.functional.normalize(hidden.mean(dim=1), dim=1)
                encoded[batch] = mean.numpy()
    return encoded
