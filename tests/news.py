"""News with four topics in separate files: synthetic, in the layout of AG News."""

from __future__ import annotations

import csv
import random
from pathlib import Path

TOPICS = {
    "World": "minister election treaty border summit embassy",
    "Sports": "coach goal league striker tournament medal",
    "Business": "shares profit merger market bank investors",
    "Science": "software chip robot satellite internet laboratory",
}
COMMON = (
    "today officials said that the new report about plans was seen by many people after long "
    "talks in several places while others waited outside for news of it"
)
SIZES = {"train": 12, "validation": 3, "test": 6}  # rows per topic


def news_rows(seed: int = 0) -> list[list[tuple[str, str]]]:
    """Texts with topics of the training, validation and test split; no two are alike."""
    generator = random.Random(seed)

    def text(topic: str) -> str:
        words = generator.sample(TOPICS[topic].split(), 3) + generator.sample(COMMON.split(), 9)
        return " ".join(words)

    return [[(text(topic), topic) for topic in TOPICS for _ in range(n)] for n in SIZES.values()]


def write_news(path: Path, rows: list[tuple[str, str]]) -> Path:
    """Write texts with topics as a CSV file with the columns description and topic."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("description", "topic"), *rows])
    return path


def news_files(folder: Path) -> dict[str, Path]:
    """Write the three splits, and return their paths keyed by split."""
    return {
        split: write_news(folder / f"{split}.csv", rows)
        for split, rows in zip(SIZES, news_rows(), strict=True)
    }
