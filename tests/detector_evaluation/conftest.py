"""A run of a linear SVM on toy reviews in three files, with validation attacks."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest

import robustbert as rb
from tests.tiny import toy_reviews

SIZES = {"train": 120, "validation": 90, "test": 40}


@dataclass(frozen=True)
class ToyRun:
    """A run folder, the attacked model, and the files of its data."""

    run: Path
    model: Path
    files: dict[str, Path]

    def options(self) -> list[str]:
        """The options of the command line for the run."""
        given = ["--run", str(self.run), "--model", str(self.model), "--device", "cpu"]
        for split, path in self.files.items():
            given += [f"--{split}-file", str(path)]
        return given


@pytest.fixture(scope="package")
def toy_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("detection")
    rows = [*dict.fromkeys(zip(*toy_reviews(600), strict=True))]
    files, start = {}, 0
    for split, size in SIZES.items():
        files[split] = folder / f"{split}.csv"
        with files[split].open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["text", "label"])
            part = rows[start : start + size]
            writer.writerows((text, ("neg", "pos")[label]) for text, label in part)
        start += size
    return files


@pytest.fixture(scope="package")
def toy_run(toy_files, svm, tmp_path_factory) -> ToyRun:
    out = tmp_path_factory.mktemp("detection") / "run"
    data = {split: str(path) for split, path in toy_files.items()}
    options = {"dtype": "float32", "device": "cpu", "tracks": "published"}
    rb.bench(f"svm={svm}", ["deepwordbug"], data, n=40, split="test", out=out, **options)
    return ToyRun(out, svm, toy_files)
