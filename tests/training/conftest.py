from __future__ import annotations

from pathlib import Path

import pytest

from robustbert.data import Cleaning, TextDataset
from tests.tiny import make_tiny_bert, toy_reviews


def toy_split(n: int, seed: int):
    import datasets

    texts, labels = toy_reviews(n, seed)
    ids = [f"{seed:08x}{i:08x}" for i in range(n)]
    return datasets.Dataset.from_dict({"example_id": ids, "text": texts, "label": labels})


@pytest.fixture(scope="session")
def toy() -> TextDataset:
    splits = {"train": toy_split(120, 0), "validation": toy_split(40, 1), "test": toy_split(40, 2)}
    cleaning = Cleaning(rows=200, empty=0, duplicates=0, conflicts=0, html_breaks=0)
    return TextDataset("toy", "made-up==1", ("neg", "pos"), splits, cleaning)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_bert(tmp_path_factory.mktemp("training") / "tiny", weight_std=0.1)
