"""Toy victims whose robustness may be an illusion, and runs of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import robustbert as rb
from robustbert.bench.victims import Victim
from robustbert.data import DatasetSource
from robustbert.gate.repeated_cells import LoadedVictim, RepeatedCells
from robustbert.models import Classifier
from robustbert.models.classifier import ModelInfo
from robustbert.models.inference.invariance import InvarianceResult
from robustbert.models.inference.output_cache import OutputCache
from robustbert.models.output_checks import softmax
from robustbert.rechecks.attacked_row import AttackedRow, attacked_rows
from robustbert.records import read_run
from tests.tiny import NEGATIVE, POSITIVE


class WordLogits(Classifier):
    """Counts known words; its logits are the difference, times a scale.

    Args:
        scale: of the logits; at 100 most probabilities are rounded to 1.
    """

    label_names = ("neg", "pos")
    has_logits = True

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self.info = ModelInfo(f"scale {scale:g}", "test", "e" * 64, "float64", None, None)

    @property
    def batch_invariance(self) -> InvarianceResult:
        return InvarianceResult(verified=True)

    def _logits(self, texts: Sequence[str]) -> np.ndarray:
        words = [text.lower().split() for text in texts]
        good = np.array([sum(word in POSITIVE.split() for word in text) for text in words])
        bad = np.array([sum(word in NEGATIVE.split() for word in text) for text in words])
        margin = self.scale * (good - bad + 0.5)
        return np.stack([-margin / 2, margin / 2], axis=1)

    def _probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return softmax(self._logits(texts))

    _exact = _probabilities


def run_of(classifier: Classifier, reviews: Path, out: Path, *recipes: str, n: int) -> Path:
    """The output folder of a run that attacked a classifier in memory on toy reviews."""
    options = {"dtype": "float32", "device": "cpu", "tracks": "published"}
    rb.bench(classifier, list(recipes), f"file:{reviews}", n=n, split="test", out=out, **options)
    return out


def row_of(run: Path) -> AttackedRow:
    """The only row of a run."""
    read = read_run(run)
    [row] = attacked_rows(read, read.records)
    return row


def cells_of(reviews: Path) -> RepeatedCells:
    return RepeatedCells(DatasetSource(f"file:{reviews}"), device="cpu")


def loaded(classifier: Classifier) -> LoadedVictim:
    """A classifier in memory as the model of a row."""
    victim = Victim(classifier.info.name, None, classifier, (), {}, None, None, None)
    return LoadedVictim(victim, OutputCache(classifier.predict_proba))
