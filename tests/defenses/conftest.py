from __future__ import annotations

from pathlib import Path

import pytest

from robustbert.data import TextDataset
from tests.defenses.perturbed import toy_dataset, weights_by_step
from tests.tiny import make_tiny_bert


@pytest.fixture(scope="session")
def few_texts() -> TextDataset:
    return toy_dataset()


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
    return weights_by_step(None, few_texts, tiny_base, tmp_path_factory.mktemp("plain") / "out")
