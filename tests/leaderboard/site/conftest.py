"""Sites that several tests read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.leaderboard.site_results import build, hostile_results, small_results


@pytest.fixture(scope="package")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of :func:`small_results`."""
    return small_results(tmp_path_factory.mktemp("small") / "results")


@pytest.fixture(scope="package")
def small_site(small: Path) -> Path:
    """The site of these results."""
    return build(small, small.parent / "site").folder


@pytest.fixture(scope="package")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of :func:`hostile_results`."""
    folder = tmp_path_factory.mktemp("hostile")
    return build(hostile_results(folder / "results"), folder / "site").folder
