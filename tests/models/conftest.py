from __future__ import annotations

from pathlib import Path

import pytest

from robustbert.models import load_model
from tests.tiny import make_tiny_bert


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_bert(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path):
    return load_model(str(tiny_folder), dtype="float32", device="cpu")
