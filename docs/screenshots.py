"""Make the screenshots of the documentation: ``python docs/screenshots.py``.

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


def audit(browser: Browser, folder: Path) -> None:
    """The page of ``robustbert audit export``."""
    from robustbert.audit import export_audit
    from robustbert.audit.audit_export import RATERS_FOLDER
    from robustbert.audit.rating_sheet import PAGE_FILE
    from tests.reports.explored_runs import review_run

    found = export_audit(review_run(folder / "film-reviews"), folder / "audit")
    take_file(browser, found.folder / RATERS_FOLDER / PAGE_FILE, "rate.png")


def explained(browser: Browser, folder: Path) -> None:
    """The page of ``robustbert explore --explain``."""
    from robustbert.explanations import make_explainer
    from robustbert.reports.explorer import explore_page
    from tests.reports.explored_runs import review_classifier, review_run

    page = explore_page(
        review_run(folder / "film-reviews"),
        recipe="textfooler",
        explainer=make_explainer("occlusion", {"output": "log-odds"}),
        classifier=review_classifier(),
    )
    take(browser, page, folder, "explore-explained.png", "status=broken&model=minilm")


def leaderboard(browser: Browser, folder: Path) -> None:
    """The pages of ``robustbert leaderboard build``, from the committed results."""
    from robustbert.leaderboard import read_leaderboard
    from robustbert.leaderboard.site import build_site

    results = ROOT / "results"
    site = build_site(read_leaderboard(results), folder / "site", results=results).folder
    board = results / "rotten_tomatoes" / "unified"
    model, other = (next(board.glob(f"{name}-*")).name for name in ("minilm", "tfidf-svm"))
    take_file(browser, site / "index.html", "leaderboard.png", "track=unified&hide=marks")
    take_file(browser, site / "models" / f"{model}.html", "model.png", height=1000)
    pair = f"dataset=rotten_tomatoes&a={model}&b={other}"
    take_file(browser, site / "compare.html", "compare.png", pair)


#: One function per page or site.
SHOTS = (explore, explained, audit, leaderboard)


def take(browser: Browser, html: str, folder: Path, name: str, fragment: str = "") -> None:
    """Write a screenshot of a page's first screen."""
    page_file = folder / "page.html"
    page_file.write_text(html, encoding="utf-8")
    take_file(browser, page_file, name, fragment)


def take_file(
    browser: Browser, page_file: Path, name: str, fragment: str = "", height: int = 800
) -> None:
    """Write a screenshot of the first screen of a page in a file."""
    page = browser.new_page(viewport={"width": 1200, "height": height})
    page.goto(f"{page_file.as_uri()}#{fragment}")
    if page.locator("[data-chart]").count():
        page.wait_for_selector("html[data-charts=drawn]")
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
