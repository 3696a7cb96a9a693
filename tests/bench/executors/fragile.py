"""A classifier that harms its process when it reads certain words."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from robustbert.models import Classifier
from robustbert.models.classifier import ModelInfo
from robustbert.models.inference.invariance import InvarianceResult
from tests.tiny import NEGATIVE, POSITIVE


class Fragile(Classifier):
    """Counts words. Kills its process at ``deadly``; at ``fragile`` the first time alone; and runs
    out of memory at ``hungry``.

    Args:
        marker: a file that says that ``fragile`` was read.
    """

    label_names = ("neg", "pos")

    def __init__(self, marker: Path) -> None:
        self.marker = str(marker)
        self.info = ModelInfo("fragile", "test", "e" * 64, "float64", None, None)

    @property
    def batch_invariance(self) -> InvarianceResult:
        return InvarianceResult(verified=True)

    def _probabilities(self, texts: Sequence[str]) -> np.ndarray:
        words = [text.lower().split() for text in texts]
        if any("deadly" in one for one in words):
            os.kill(os.getpid(), signal.SIGKILL)
        if any("hungry" in one for one in words):
            torch.empty(10**15, dtype=torch.uint8)
        if any("fragile" in one for one in words) and not Path(self.marker).exists():
            Path(self.marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        good = np.array([sum(word in POSITIVE.split() for word in one) for one in words])
        bad = np.array([sum(word in NEGATIVE.split() for word in one) for one in words])
        positive = (1.0 + good) / (2.0 + good + bad)
        return np.stack([1 - positive, positive], axis=1)

    _exact = _probabilities
