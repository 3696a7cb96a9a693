"""A tiny victim, and invented reviews that are long enough for every limit."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from robustbert.assets import ensure_assets
from robustbert.models import load_model
from robustbert.models.classifier import Classifier
from tests.tiny import make_tiny_bert

TEXTS = (
    "the brilliant actors and the lovely music make this story a wonderful film for every viewer",
    "a dull and tedious plot with terrible dialogue that never finds a reason to go on so long",
    "you will remember the charming scenes",
    "this movie was boring and the clumsy actors could not save its weak story from awful scenes",
    "great fun from the first scene to the last with a superb cast and quick, clever writing",
    "nothing here is new but the delightful music keeps a poor script alive for most of its time",
    "bad film , bad plot , bad music",
    "the director wanted a serious drama about family and money and made a dreadful comedy instead",
)


@dataclass(frozen=True)
class Review:
    example_id: str
    text: str
    label: int


@pytest.fixture(scope="session")
def textattack():
    ensure_assets(("word-vectors", "sentence-encoder"))
    importlib.import_module("robustbert.attacks.textattack")
    return sys.modules["textattack"]


@pytest.fixture(scope="session")
def victim_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_bert(tmp_path_factory.mktemp("victim") / "tiny", seed=3)


@pytest.fixture(scope="session")
def victim(victim_folder: Path) -> Classifier:
    return load_model(str(victim_folder), dtype="float32", device="cpu")


@pytest.fixture(scope="session")
def reviews(victim: Classifier) -> tuple[Review, ...]:
    """Every text with the label that the victim predicts; the last one with the other label."""
    labels = victim.predict_proba(TEXTS).argmax(axis=1)
    labels[-1] = 1 - labels[-1]
    return tuple(
        Review(f"review-{index}", text, int(label))
        for index, (text, label) in enumerate(zip(TEXTS, labels, strict=True))
    )
