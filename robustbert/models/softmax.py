"""Probabilities of logits."""

from __future__ import annotations

import numpy as np


def probabilities_of_logits(logits: np.ndarray) -> np.ndarray:
    """The softmax of logits (n, k), float32 rows that sum to 1 within 1e-6.

    It is computed in float64, because the rounding errors of float32 would exceed 1e-6.
    """
    import torch

    return np.asarray(torch.from_numpy(logits).double().softmax(dim=-1).float().numpy())
