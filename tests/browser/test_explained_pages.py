"""Pages with attributions in a real browser: tints, hostile texts, accessibility."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

import robustbert
from robustbert.console import printable
from robustbert.explanations import make_explainer
from robustbert.reports.attributions import attributions_page
from robustbert.reports.explorer import explore_page
from tests.browser.browsing import PHONE, fits, opened, serious_faults
from tests.hostile import HOSTILE
from tests.reports.attributions.explained_runs import PAIRS, write_explained_run
from tests.reports.attributions.shown import make_shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def explored(bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with attributions."""
    classifier = robustbert.load_model(bert)
    folder = tmp_path_factory.mktemp("explained")
    pairs = PAIRS | {f"fine {text}": f"fin {text}" for text in HOSTILE.values()}
    run = write_explained_run(folder / "run", classifier, pairs)
    page = explore_page(run, explainer=make_explainer("occlusion", {}), classifier=classifier)
    (folder / "explore.html").write_text(page, encoding="utf-8")
    return folder / "explore.html"


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of explained texts."""
    texts = [*PAIRS, *HOSTILE.values()]
    page = attributions_page([make_shown(f"fine {text}") for text in texts], "Explanations")
    file = tmp_path_factory.mktemp("explained") / "explain.html"
    file.write_text(page, encoding="utf-8")
    return file


def test_the_words_of_explored_texts_are_tinted_and_the_texts_stay(
    browser: Browser, explored: Path
):
    with opened(browser, explored, "status=broken") as page:
        articles = page.locator("article")
        expect(articles).to_have_count(len(PAIRS) + len(HOSTILE))
        first = articles.first
        expect(first.locator("bdi").first).to_have_text("a fine film")
        assert first.locator("bdi span[class]").count() > 0
        expect(first).to_contain_text("explained: pos")
        shown = page.locator(".texts bdi").all_text_contents()
        assert shown[::2] == [*PAIRS, *(printable(f"fine {text}") for text in HOSTILE.values())]
        assert first.locator("del").first.text_content() == "fine"
        assert page.evaluate("window.attacked") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility(browser: Browser, explored: Path, explained: Path, scheme: str):
    for file in (explored, explained):
        with opened(browser, file, color_scheme=scheme, bypass_csp=True) as page:
            assert serious_faults(page) == []


def test_explained_texts_on_a_phone(browser: Browser, explained: Path):
    with opened(browser, explained, viewport=PHONE) as page:
        assert fits(page)
        expect(page.locator("article")).to_have_count(len(PAIRS) + len(HOSTILE))
        page.locator("summary").first.click()
        expect(page.locator("tbody tr").first).to_be_visible()
        assert page.evaluate("window.attacked") is None
