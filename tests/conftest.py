"""Fixtures that several test packages share: a file of toy reviews, and models for it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.tiny import make_tiny_bert, toy_reviews

# An example's duration depends on the load of the machine, so deadlines are disabled.
settings.register_profile("robustbert", deadline=None)
settings.load_profile("robustbert")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the files with the most slow tests first, so that two workers end at the same time."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


def write_reviews(path: Path, n: int = 120) -> Path:
    """A CSV of toy reviews with the labels neg and pos."""
    texts, labels = toy_reviews(n)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows(
            (text, ("neg", "pos")[label]) for text, label in zip(texts, labels, strict=True)
        )
    return path


@pytest.fixture(scope="session", autouse=True)
def _empty_invariance_cache() -> Iterator[None]:
    """Start with an empty batch-invariance cache, and do not save the results of tests."""
    from robustbert.models.inference.invariance_cache import empty_invariance_cache

    with empty_invariance_cache():
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_progress_lines() -> Iterator[None]:
    """Disable progress lines, so that tests can check what else is printed."""
    from robustbert import progress

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "FIRST_LINE", 1e6)
        patch.setattr(progress, "STEP_LINES", False)
        yield


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reviews(tmp_path_factory.mktemp("data") / "reviews.csv")


@pytest.fixture(scope="session")
def svm(reviews: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A linear SVM trained on the toy reviews."""
    import robustbert

    folder = tmp_path_factory.mktemp("models") / "svm"
    dataset = robustbert.load_dataset(f"file:{reviews}")
    robustbert.train(dataset, "tfidf-svm", robustbert.TrainingConfig(), folder)
    return folder


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random network with the labels of the toy reviews."""
    return make_tiny_bert(tmp_path_factory.mktemp("models") / "bert")


@pytest.fixture(scope="module")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty cache folder that shares the assets of the user's cache."""
    from robustbert.paths import cache_folder

    assets = cache_folder() / "assets"
    assets.mkdir(parents=True, exist_ok=True)
    cache = tmp_path_factory.mktemp("cache")
    (cache / "assets").symlink_to(assets, target_is_directory=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROBUSTBERT_CACHE", str(cache))
        yield cache
