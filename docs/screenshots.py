"""Make the screenshots of the documentation, from made-up runs: ``python docs/screenshots.py``.

It needs Chromium, and runs from the repository's root.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
sys.path.insert(0, str(ROOT))  # for the runs of the tests

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def explore(browser: Browser, folder: Path) -> None:
    """The page of ``robustbert explore``."""
    from robustbert.reports.explorer import explore_page
    from tests.reports.explored_runs import review_run

    run = review_run(folder / "film-reviews")
    take(browser, explore_page(run), folder, "explore.png", fragment="status=broken&label=positive")


#: One function per page.
SHOTS = (explore,)


def take(browser: Browser, html: str, folder: Path, name: str, fragment: str = "") -> None:
    """Write a screenshot of a page's first screen."""
    page_file = folder / "page.html"
    page_file.write_text(html, encoding="utf-8")
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    page.goto(f"{page_file.as_uri()}#{fragment}")
    page.screenshot(path=IMAGES / name)
    page.close()
    print(IMAGES / name)


def main() -> None:
    """Make all screenshots."""
    from playwright.sync_api import sync_playwright

    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        options = ["--no-sandbox", "--disable-gpu"]  # it opens these pages alone
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        for number, shot in enumerate(SHOTS):
            place = Path(folder, str(number))
            place.mkdir()
            shot(browser, place)
        browser.close()


if __name__ == "__main__":
    main()
