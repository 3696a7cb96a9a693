from __future__ import annotations

import random
from pathlib import Path

import pytest

from robustbert.data import Cleaning, TextDataset
from robustbert.models.huggingface_files import read_tokenizer
from tests.tiny import NEGATIVE, POSITIVE, make_tiny_bert

#: One per document, so that a test knows the document of a token.
MARKS = "0123456789abcdefghijklmnopqrstuvwxyz"


def make_documents(n: int, *, sentences: int = 6, seed: int = 0) -> list[str]:
    """Documents whose every sentence has the document's mark as the third word."""
    generator = random.Random(seed)
    words = f"{POSITIVE} {NEGATIVE}".split()
    made = []
    for i in range(n):
        parts = [
            f"The film {MARKS[i % len(MARKS)]} was {generator.choice(words)} and "
            f"{generator.choice(words)}."
            for _ in range(sentences)
        ]
        made.append(" ".join(parts))
    return made


@pytest.fixture(scope="session")
def documents() -> list[str]:
    return make_documents(24)


@pytest.fixture(scope="session")
def reviewed(documents: list[str]) -> TextDataset:
    """A dataset whose training texts are documents of several sentences."""
    import datasets

    split = datasets.Dataset.from_dict(
        {
            "example_id": [f"{i:016x}" for i in range(len(documents))],
            "text": documents,
            "label": [i % 2 for i in range(len(documents))],
        }
    )
    cleaning = Cleaning(rows=len(documents), empty=0, duplicates=0, conflicts=0, html_breaks=0)
    return TextDataset("films", "made-up==1", ("neg", "pos"), {"train": split}, cleaning)


@pytest.fixture(scope="session")
def tokenizer(tiny_base: Path):
    return read_tokenizer(tiny_base)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_bert(tmp_path_factory.mktemp("pretraining") / "tiny", weight_std=0.1)
