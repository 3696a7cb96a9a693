from __future__ import annotations

import json

import numpy as np
import pytest

from robustbert.models.classical.estimators import ESTIMATORS
from robustbert.models.classical.tfidf_classifier import fit_tfidf
from tests.models.classical.untrusted import StoredFolder
from tests.tiny import toy_reviews


@pytest.fixture(scope="module")
def stored_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, StoredFolder]:
    found = {}
    for kind in ESTIMATORS:
        folder = tmp_path_factory.mktemp("valid") / kind
        fit_tfidf(kind, *toy_reviews(60), ("neg", "pos"), seed=0).save(folder)
        with np.load(folder / "arrays.npz") as stored:
            config = json.loads((folder / "model.json").read_text())
            found[kind] = StoredFolder(config, dict(stored))
    return found


@pytest.fixture
def stored_svm(stored_models: dict[str, StoredFolder]) -> StoredFolder:
    return stored_models["linear-svm"]


@pytest.fixture
def stored_forest(stored_models: dict[str, StoredFolder]) -> StoredFolder:
    return stored_models["random-forest"]
