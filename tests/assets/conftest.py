"""The real assets, built once in the user's own cache."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from robustbert.assets import asset_folder, use_nltk_assets
from tests.asset_server import AssetServer, serving, use_server


@pytest.fixture(scope="session")
def nltk_paths() -> None:
    """NLTK reads nothing outside the folders of its path."""
    use_nltk_assets()


@pytest.fixture(scope="session")
def wordnet_folder() -> Path:
    return asset_folder("wordnet")


@pytest.fixture(scope="session")
def tagger_folder() -> Path:
    return asset_folder("pos-tagger")


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def server(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AssetServer]:
    """A server from which the canonical assets come, into an empty cache, without pauses."""
    import tenacity

    monkeypatch.setattr(tenacity, "wait_exponential", lambda **_: tenacity.wait_none())
    monkeypatch.setenv("ROBUSTBERT_ASSETS", "canonical")
    with serving() as content:
        use_server(monkeypatch, content)
        yield content
