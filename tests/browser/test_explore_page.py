"""``robustbert explore`` in a real browser: filters, hostile texts, accessibility."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from robustbert.cli import main
from robustbert.console import printable
from robustbert.records import Outcome, read_run
from tests.browser.browsing import (
    PHONE,
    ProcessorTime,
    expect_fragment,
    fits,
    focused,
    opened,
    serious_faults,
)
from tests.hostile import HOSTILE, write_hostile_run
from tests.records.builders import add_cell, make_outcome
from tests.reports.explored_runs import RECIPES, review_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explore")
    return _explored(review_run(folder / "film-reviews"))


@pytest.fixture(scope="module")
def hostile_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with hostile texts and names."""
    return _explored(write_hostile_run(tmp_path_factory.mktemp("hostile") / "run"))


def _explored(run: Path) -> Path:
    page = run.parent / "explore.html"
    assert main(["explore", str(run), "--out", str(page)]) == 0
    return page


def expect_count(page: Page, start: str) -> None:
    """Wait until the line that says how many outcomes are shown starts like that."""
    expect(page.locator("#count")).to_have_text(re.compile(f"^{re.escape(start)}"))


def outcomes_of(run: Path) -> list[Outcome]:
    return [outcome for outcomes in read_run(run).outcomes.values() for outcome in outcomes]


def test_all_outcomes_are_shown_page_by_page(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file) as page:
        assert page.title() == "Outcomes of film-reviews"
        expect_count(page, "72 of 72 outcomes: ")
        assert page.locator(".outcome").count() == 25
        assert page.inner_text(".pager >> nth=0") == "Previous\nPage 1 of 3\nNext"
        page.get_by_role("button", name="Next").first.click()
        page.get_by_role("button", name="Next").last.click()
        assert page.locator(".outcome").count() == 72 - 50
        expect_fragment(page, "page=3")
        assert page.get_by_role("button", name="Next").first.is_disabled()
        assert page.locator("#results-section").bounding_box()["y"] > -1, "its beginning is shown"


def test_an_outcome_marks_the_changed_words(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file, "status=broken&recipe=deepwordbug") as page:
        outcome = page.get_by_role("article").first
        assert outcome.locator("h3").inner_text() == "broken\npositive → negative"
        assert outcome.locator("del").all_inner_texts() == ["warm", "funny"]
        assert outcome.locator("ins").all_inner_texts() == ["wram", "fumny"]
        assert outcome.locator("dd").all_inner_texts() == [
            "a warm and funny film about two sisters who inherit a lighthouse .",
            "a wram and fumny film about two sisters who inherit a lighthouse .",
        ]
        assert outcome.locator(".outcome-facts").inner_text() == (
            "probability of positive 0.980 → 0.460 · 14 queries · 2 of 12 words changed · "
            "similarity 0.910"
        )
        assert outcome.locator(".outcome-source").inner_text() == (
            "film-notes · minilm · unified track · deepwordbug · example 9e0000"
        )


class TestFilters:
    """Each filter, all together, and in the URL."""

    def test_choices(self, browser: Browser, page_file: Path) -> None:
        with opened(browser, page_file) as page:
            for name, value, expected in (
                ("status", "skipped", "6 of 72 outcomes: 6 skipped"),
                ("recipe", "pwws", "24 of 72 outcomes: "),
                ("model", "minilm-robust", "36 of 72 outcomes: "),
                ("label", "negative", "36 of 72 outcomes: "),
            ):
                page.select_option(f"#filter-{name}", value)
                expect_count(page, expected)
                expect_fragment(page, f"{name}={value}")
                page.select_option(f"#filter-{name}", "")
                expect_count(page, "72 of 72")
            assert page.locator("#filter-dataset").count() == 0, "there is one dataset"
            choices = page.locator("#filter-recipe option").all_inner_texts()
            assert choices == ["all", *(f"{recipe} (24)" for recipe in RECIPES)]

    def test_similarity_leaves_out_what_has_none(self, browser: Browser, page_file: Path) -> None:
        run = page_file.parent / "film-reviews"
        measured = [o.similarity for o in outcomes_of(run) if o.similarity is not None]
        low = sum(value >= 0.9 for value in measured)
        both = sum(0.9 <= value <= 0.91 for value in measured)
        assert 0 < both < low < len(measured)
        with opened(browser, page_file) as page:
            page.get_by_label("Lowest similarity").fill("0.9")
            expect_count(page, f"{low} of 72 outcomes: {low} broken")
            page.get_by_label("Highest similarity").fill("0.91")
            expect_count(page, f"{both} of 72 outcomes: {both} broken")

    def test_words_of_either_text(self, browser: Browser, page_file: Path) -> None:
        with opened(browser, page_file) as page:
            field = page.get_by_label("Words in either text")
            field.fill("LIGHTHOUSE")
            expect_count(page, "6 of 72 outcomes: ")
            field.fill("fumny film")
            expect_count(page, "2 of 72 outcomes: 2 broken")
            field.fill("no such words")
            expect_count(page, "0 of 72 outcomes")
            assert page.inner_text("#results") == "No outcome matches these filters."
            page.get_by_role("button", name="Clear filters").click()
            expect_count(page, "72 of 72")
            expect_fragment(page, "")

    def test_several_in_the_url(self, browser: Browser, page_file: Path) -> None:
        with opened(browser, page_file, "status=broken&label=positive&text=choir") as page:
            expect_count(page, "2 of 72 outcomes: 2 broken")
            page.evaluate("location.hash = 'recipe=textfooler'")
            expect_count(page, "24 of 72")
            page.reload()
            expect_count(page, "24 of 72")
            assert page.input_value("#filter-recipe") == "textfooler"
            page.go_back()
            expect_count(page, "2 of 72 outcomes: 2 broken")

    def test_nonsense_in_the_url(self, browser: Browser, page_file: Path) -> None:
        with opened(browser, page_file) as page:
            for nonsense in ("status=x", "min=x", "page=-3", "page=1e9", "page=x", "&&=%", "<b>"):
                page.evaluate("nonsense => { location.hash = nonsense }", nonsense)
                expect_count(page, "72 of 72")


@pytest.mark.parametrize("bypass_csp", [False, True], ids=["policy", "no policy"])
def test_hostile_texts_are_shown_and_do_nothing(
    browser: Browser, hostile_file: Path, bypass_csp: bool
) -> None:
    with opened(browser, hostile_file, bypass_csp=bypass_csp) as page:
        page.wait_for_timeout(100)
        assert page.evaluate("window.attacked") is None
        tags = page.evaluate("[...document.querySelectorAll('#results *')].map(e => e.localName)")
        assert set(tags) <= {*("article", "h3", "span", "dl", "dt", "dd", "bdi", "del", "ins", "p")}
        assert page.locator("main a, main img, main svg, main b, main script").count() == 0
        everything = page.evaluate("document.querySelector('main').textContent")
        assert all(character.isprintable() or character == "\n" for character in everything)
        shown = page.evaluate("[...document.querySelectorAll('dd')].map(e => e.textContent)")
        for text in HOSTILE.values():
            for start in ("fine ", "fin ", ""):
                assert printable(f"{start}{text}") in shown
        names = page.evaluate(
            "[...document.querySelectorAll('.outcome-source, h3')].map(e => e.textContent)"
        )
        for text in map(printable, HOSTILE.values()):
            source = f"{text} · {text} + {text} · unified track · {text} · example {text}"
            assert source in names
            assert f"broken{text} → negative" in names
            assert f"error{text}: {text}" in names


def test_hostile_names_can_be_filtered_by(browser: Browser, hostile_file: Path) -> None:
    with opened(browser, hostile_file) as page:
        for name in ("dataset", "recipe", "label"):
            values = page.locator(f"#filter-{name} option").evaluate_all("o => o.map(x => x.value)")
            assert set(map(printable, HOSTILE.values())) <= set(values)
        image = printable(HOSTILE["image"])
        page.select_option("#filter-model", f"{image} + {image}")
        expect_count(page, "2 of 20 outcomes: 1 broken, 1 error")
        page.reload()
        expect_count(page, "2 of 20 outcomes: 1 broken, 1 error")
        page.get_by_label("Words in either text").fill(printable(HOSTILE["script"]))
        expect_count(page, "0 of 20 outcomes")


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_no_serious_accessibility_fault(
    browser: Browser, page_file: Path, hostile_file: Path, color_scheme: str
) -> None:
    for file in (page_file, hostile_file):
        with opened(browser, file, color_scheme=color_scheme, bypass_csp=True) as page:
            assert serious_faults(page) == []
            assert fits(page)
            page.set_viewport_size(PHONE)
            assert fits(page)
            assert serious_faults(page) == []


def test_the_accessibility_check_finds_a_fault(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "bad.html"
    file.write_text("<html lang=en><title>t</title><main><h1>h</h1><input></main>")
    with opened(browser, file, bypass_csp=True) as page:
        (fault,) = serious_faults(page)
        assert fault.startswith("label: ")


def test_keyboard_alone(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file) as page:
        page.keyboard.press("Tab")
        assert focused(page) == "Skip to the content"
        page.keyboard.press("Enter")
        assert focused(page) == "main"
        page.keyboard.press("Tab")
        assert focused(page) == "filter-status"
        page.keyboard.type("broken")
        expect_count(page, "21 of 72 outcomes: 21 broken")
        expect_fragment(page, "status=broken")  # not the fragment of the link
        for _ in range(6):
            page.keyboard.press("Tab")
        assert focused(page) == "filter-text"
        page.keyboard.type("choir")
        page.keyboard.press("Enter")
        expect_count(page, "2 of 72 outcomes: 2 broken")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        expect_count(page, "72 of 72")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert focused(page) == "Next"
        page.keyboard.press("Enter")
        expect_fragment(page, "page=2")
        page.keyboard.press("Enter")
        expect_fragment(page, "page=3")
        page.keyboard.press("Enter")
        expect_fragment(page, "page=3")  # the last one
        assert focused(page) == "Next"
        assert page.inner_text("#count").endswith("; page 3")


class TestTheme:
    """Light and dark."""

    def test_the_button_is_remembered(self, browser: Browser, page_file: Path) -> None:
        background = "getComputedStyle(document.documentElement).backgroundColor"
        with opened(browser, page_file) as page:
            light = page.evaluate(background)
            page.get_by_role("button", name="Dark theme").click()
            dark = page.evaluate(background)
            assert dark != light
            for _ in range(20):  # Chromium stores it a moment later, longer on a busy machine
                page.wait_for_timeout(200)
                page.reload()
                if page.evaluate(background) == dark:
                    break
            assert page.evaluate(background) == dark
            page.get_by_role("button", name="Light theme").click()
            assert page.evaluate(background) == light
        with opened(browser, page_file, color_scheme="dark") as page:
            assert page.evaluate(background) == dark

    def test_without_storage(self, browser: Browser, page_file: Path) -> None:
        with opened(browser, page_file) as page:
            page.add_init_script(
                "Object.defineProperty(window, 'localStorage', {get() { throw Error('no') }})"
            )
            page.reload()
            page.get_by_role("button", name="Dark theme").click()
            assert page.get_by_role("button", name="Light theme").is_visible()
            expect_count(page, "72 of 72")


def test_without_scripts_the_page_says_so(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file, java_script_enabled=False) as page:
        assert "needs JavaScript" in page.inner_text("main")
        assert not page.locator("#theme-toggle").is_visible()


def test_thousands_of_outcomes_stay_responsive(browser: Browser, tmp_path: Path) -> None:
    run = tmp_path / "run"
    for number in range(20):
        add_cell(
            run,
            [make_outcome(f"e{i}", "broken" if i % 2 else "robust") for i in range(1000)],
            model=f"m{number}",
        )
    file = _explored(run)
    with opened(browser, file) as page:
        used = ProcessorTime(page)
        page.reload()
        expect_count(page, "20,000 of 20,000")
        assert used.seconds() < 1
        page.get_by_label("Words in either text").fill("fin film")
        expect_count(page, "10,000 of 20,000")
        assert used.seconds() < 0.3
