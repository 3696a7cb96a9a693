"""The last hidden state of the first token: what a BERT classifier decides by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from robustbert.models import Classifier

# Tokens per batch.
_BATCH_TOKENS = 4096
# Texts per call of the tokenizer and the classifier.
_CHUNK = 512


def labelled_features(classifier: Classifier, texts: Sequence[str]) -> Iterator[np.ndarray]:
    """Yield the predicted label of each text, followed by its features: float64 (1 + d,).

    The features are the last hidden state of the first token (``[CLS]``), computed in float32.
    Texts with the same number of tokens share a batch, so nothing is padded. The size of a batch
    can change the last bits of features.

    Args:
        classifier: a classifier with an embedded network of transformers.
        texts: the texts.
    """
    network = classifier.embedded_network()
    for start in range(0, len(texts), _CHUNK):
        chunk = texts[start : start + _CHUNK]
        sequences = network.tokenization.encode(chunk)
        features = _first_hidden_states(network.model, sequences)
        predicted = classifier.predict_proba(chunk).argmax(axis=1)
        yield from np.concatenate([predicted[:, None], features], axis=1)


def _first_hidden_states(model: Any, sequences: Sequence[Sequence[int]]) -> np.ndarray:
    """The last hidden state of each sequence's first token: float64 (n, d)."""
    import torch

    encoder, device = model.base_model, model.device
    found: dict[int, np.ndarray] = {}
    rows = sorted(range(len(sequences)), key=lambda row: len(sequences[row]))
    for length, same in groupby(rows, key=lambda row: len(sequences[row])):
        of_length, size = list(same), max(1, _BATCH_TOKENS // length)
        for start in range(0, len(of_length), size):
            batch = of_length[start : start + size]
            ids = torch.tensor([list(sequences[row]) for row in batch], device=device)
            with torch.no_grad():
                hidden = encoder(input_ids=ids).last_hidden_state[:, 0]
            found.update(zip(batch, hidden.double().cpu().numpy(), strict=True))
    return np.stack([found[row] for row in range(len(sequences))])
