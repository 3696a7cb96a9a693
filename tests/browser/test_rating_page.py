"""The page of ``robustbert audit export`` in a real browser: answers, the CSV, hostile texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from robustbert.audit import AuditKey, read_key, read_ratings
from robustbert.cli import main
from tests.browser.browsing import PHONE, fits, focused, opened, serious_faults
from tests.hostile import HOSTILE
from tests.records.builders import add_cell, make_outcome

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an audit of hostile texts."""
    folder = tmp_path_factory.mktemp("audit")
    outcomes = [
        make_outcome(f"{i:02x}", "broken", text=text, adversarial_text=f"{text} {i}")
        for i, text in enumerate(HOSTILE.values())
    ]
    add_cell(folder / "run", outcomes)
    assert main(["audit", "export", str(folder / "run"), "--out", str(folder / "out")]) == 0
    return folder / "out"


@pytest.fixture
def page_file(audit: Path) -> Path:
    return audit / "raters" / "rate.html"


@pytest.fixture
def key(audit: Path) -> AuditKey:
    return read_key(audit)


def answer(page: Page, **answers: str) -> None:
    for name, value in answers.items():
        page.check(f'input[name="{name}"][value="{value}"]')


def saved(page: Page, path: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save all answers").click()
    download.value.save_as(path)
    return path


def test_answers_are_saved_as_a_csv_that_can_be_imported(
    browser: Browser, page_file: Path, key: AuditKey, tmp_path: Path
) -> None:
    with opened(browser, page_file) as page:
        page.fill("#rater", '=anna, "A"')
        answer(page, first_label="1", second_label="0", same_meaning="unsure")
        answer(page, first_fluency="5", second_fluency="2")
        expect(page.locator("#progress")).to_have_text("1 of 10 pairs have all answers")
        page.get_by_role("button", name="Next pair", exact=True).click()
        assert focused(page) == "item-heading"
        expect(page.locator("#item-heading")).to_have_text("Pair 2 of 10")
        assert page.locator("input:checked").count() == 0
        answer(page, same_meaning="no")
        page.get_by_role("button", name="Next pair with open").click()
        expect(page.locator("#item-heading")).to_have_text("Pair 3 of 10")
        file = saved(page, tmp_path / "answers.csv")
    first, second = read_ratings([file], key)
    assert first.rater == second.rater == '=anna, "A"'
    assert (first.item, second.item) == (key.items[0].id, key.items[1].id)
    assert first.answers.values == ("unsure", 1, 0, 5, 2)
    assert second.answers.values == ("no", None, None, None, None)


def test_it_says_when_all_pairs_have_answers(browser: Browser, tmp_path: Path, audit: Path) -> None:
    command = ["audit", "export", str(audit.parent / "run"), "--n", "1"]
    assert main([*command, "--out", str(tmp_path / "one")]) == 0
    with opened(browser, tmp_path / "one" / "raters" / "rate.html") as page:
        answer(page, first_label="1", second_label="0", same_meaning="no", first_fluency="5")
        expect(page.locator("#progress")).to_have_text("0 of 1 pairs have all answers")
        answer(page, second_fluency="2")
        expect(page.locator("#progress")).to_have_text("1 of 1 pairs have all answers; save them")


def test_a_name_is_needed(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file) as page:
        page.get_by_role("button", name="Save all answers").click()
        expect(page.locator("#message")).to_have_text("Give your name or a code first.")
        assert focused(page) == "rater"


def test_answers_are_kept_until_they_are_deleted(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file) as page:
        page.fill("#rater", "anna")
        answer(page, same_meaning="yes")
        page.reload()
        assert page.input_value("#rater") == "anna"
        assert page.is_checked('input[value="yes"]')
        page.get_by_role("button", name="Clear the answers").click()
        assert not page.is_checked('input[value="yes"]')
        answer(page, same_meaning="yes")
        page.get_by_text("Another rater uses this browser").click()
        page.get_by_role("button", name="Delete name and answers").click()
        page.reload()
        assert page.input_value("#rater") == ""
        assert page.locator("input:checked").count() == 0


def test_it_says_if_the_browser_keeps_no_answers(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file) as page:
        page.evaluate("void (Storage.prototype.setItem = () => { throw new Error('full'); })")
        answer(page, same_meaning="yes")
        expect(page.locator("#message")).to_contain_text("save them before you close the page")


def test_hostile_texts_are_shown(browser: Browser, page_file: Path) -> None:
    """Every pair is shown; ``opened`` fails if one of them runs or requests something."""
    with opened(browser, page_file) as page:
        texts = page.locator(".rated").all_inner_texts()
        for _ in range(len(HOSTILE) - 1):
            page.get_by_role("button", name="Next pair", exact=True).click()
            texts += page.locator(".rated").all_inner_texts()
        assert page.evaluate("window.attacked") is None
    assert sum("<script>window.attacked = 1; alert(1)</script>" in text for text in texts) == 2


def test_accessibility(browser: Browser, page_file: Path) -> None:
    for scheme in ("light", "dark"):
        with opened(browser, page_file, bypass_csp=True, color_scheme=scheme) as page:
            assert serious_faults(page) == []
    with opened(browser, page_file, viewport=PHONE) as page:
        assert fits(page)
