"""Runs of toy models that several tests of gates share."""

from __future__ import annotations

from pathlib import Path

import pytest

from robustbert.gate import GateRun
from tests.gate.toy_gates import attacked


@pytest.fixture(scope="session")
def svm_run(reviews: Path, svm: Path, tmp_path_factory: pytest.TempPathFactory) -> GateRun:
    """The linear SVM under two recipes, on 40 reviews."""
    out = tmp_path_factory.mktemp("gates") / "svm"
    return attacked(reviews, svm, out, "deepwordbug", "pwws", n=40)


@pytest.fixture(scope="session")
def bert_run(reviews: Path, bert: Path, tmp_path_factory: pytest.TempPathFactory) -> GateRun:
    """The random network, which is much worse, under the same recipes and on the same reviews."""
    out = tmp_path_factory.mktemp("gates") / "bert"
    return attacked(reviews, bert, out, "deepwordbug", "pwws", n=40)
