from __future__ import annotations

from pathlib import Path

import pytest

from robustbert.data import Cleaning, TextDataset
from tests.tiny import make_tiny_bert
from tests.training.conftest import toy_split


@pytest.fixture(scope="session")
def few_texts() -> TextDataset:
    splits = {"train": toy_split(32, 0), "validation": toy_split(8, 1), "test": toy_split(8, 2)}
    cleaning = Cleaning(rows=48, empty=0, duplicates=0, conflicts=0, html_breaks=0)
    return TextDataset("toy", "made-up==1", ("neg", "pos"), splits, cleaning)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_bert(tmp_path_factory.mktemp("defenses") / "tiny", weight_std=0.1)


@pytest.fixture(scope="session")
def tiny_victim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network whose loss depends much on its embeddings."""
    return make_tiny_bert(tmp_path_factory.mktemp("defenses") / "steep")


@pytest.fixture(scope="session")
def plain_weights(few_texts: TextDataset, tiny_base: Path, tmp_path_factory) -> dict[int, str]:
    """A hash of the weights after each step of a short training without a defense."""
    from tests.defenses.perturbed import weights_by_step

    return weights_by_step(None, few_texts, tiny_base, tmp_path_factory.mktemp("plain") / "out")
