"""A real browser: Debian's Chromium, driven by Playwright. Without one, the tests are skipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.leaderboard.site_fixtures import hostile_site, results, site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["browser", "hostile_site", "results", "site"]

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of one module.

    Not for the session: while it runs, nothing else can use asyncio in this process.
    """
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        pytest.skip("no browser: install chromium (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    options = ["--disable-gpu", *["--no-sandbox"] * (os.geteuid() == 0)]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=options)
        yield started
        started.close()
