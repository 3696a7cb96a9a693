"""Toy reviews with test and validation splits that are large enough for a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import write_reviews


@pytest.fixture(scope="package")
def many_reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reviews(tmp_path_factory.mktemp("rechecks") / "reviews.csv", 300)
