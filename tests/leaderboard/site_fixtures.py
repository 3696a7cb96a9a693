"""Sites that tests of several packages read; their conftest.py imports these fixtures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.leaderboard.site_results import build, hostile_results, small_results


@pytest.fixture(scope="package")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of :func:`small_results`."""
    return small_results(tmp_path_factory.mktemp("small") / "results")


@pytest.fixture(scope="package")
def site(results: Path) -> Path:
    """The site of these results."""
    return build(results, results.parent / "site").folder


@pytest.fixture(scope="package")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of :func:`hostile_results`."""
    folder = tmp_path_factory.mktemp("hostile")
    return build(hostile_results(folder / "results"), folder / "site").folder
