"""The leaderboard's site in a real browser."""

from __future__ import annotations

import csv
import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from robustbert.console import printable
from robustbert.io import write_bytes
from robustbert.leaderboard import read_leaderboard
from robustbert.leaderboard.site.site_pages import site_files
from robustbert.metrics import holm, mcnemar_exact, mcnemar_of_counts
from tests.browser.browsing import (
    PHONE,
    ProcessorTime,
    expect_fragment,
    fits,
    focused,
    opened,
    serious_faults,
)
from tests.hostile import HOSTILE
from tests.leaderboard.published import core_cells, write_published
from tests.leaderboard.site_results import build, many_results

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROWS = "#leaderboard tbody tr:not(.board):visible"


def names(page: Page) -> list[str]:
    """The models of the visible rows."""
    return page.locator(f"{ROWS} > .name > a").all_inner_texts()


def expect_rows(page: Page, text: str) -> None:
    expect(page.locator("#shown")).to_have_text(text)


class TestTable:
    """The table of all rows."""

    def test_sorts_within_each_dataset_and_track(self, browser: Browser, site: Path) -> None:
        with opened(browser, site / "index.html") as page:
            before = names(page)
            page.get_by_role("button", name="Clean").click()
            clean = page.get_by_role("columnheader", name="Clean")
            assert clean.get_attribute("aria-sort") == "descending"
            boards = page.evaluate(
                "[...document.querySelectorAll('#leaderboard tbody')].map(b => [...b.rows].slice(1)"
                ".map(r => Number(r.cells[5].dataset.value)))"
            )
            assert [len(board) for board in boards] == [1, 5, 2]
            assert all(board == sorted(board, reverse=True) for board in boards)
            expect_fragment(page, "sort=-clean")
            page.get_by_role("button", name="Clean").click()
            assert clean.get_attribute("aria-sort") == "ascending"
            page.get_by_role("button", name="Clean").click()
            assert clean.get_attribute("aria-sort") is None
            assert names(page) == before

    def test_a_missing_number_is_last_in_either_order(self, browser: Browser, site: Path) -> None:
        with opened(browser, site / "index.html", "dataset=rotten_tomatoes&track=unified") as page:
            for _ in range(2):
                page.get_by_role("button", name="Worst case").click()
                assert names(page)[-1] == "few"

    def test_filters(self, browser: Browser, site: Path) -> None:
        with opened(browser, site / "index.html") as page:
            expect_rows(page, "8 rows")
            for key, value, rows in (
                ("dataset", "bbc_news", 1),
                ("track", "published", 2),
                ("family", "classical", 1),
                ("size", "10 M to 50 M", 7),
                ("defense", "adversarial-training", 1),
                ("marks", "§", 1),
                ("marks", "no mark", 7),
            ):
                page.select_option(f"#filter-{key}", value)
                expect_rows(page, f"{rows} of 8 rows")
                assert page.locator(ROWS).count() == rows
                page.get_by_role("button", name="Show all rows").click()
                expect_rows(page, "8 rows")
                assert focused(page) == "filter-search"
            page.select_option("#filter-dataset", "bbc_news")
            page.select_option("#filter-track", "published")
            expect_rows(page, "0 of 8 rows")
            assert page.get_by_text("No row matches these filters.").is_visible()

    def test_a_link_keeps_filters_order_and_columns(self, browser: Browser, site: Path) -> None:
        with opened(browser, site / "index.html") as page:
            page.get_by_label("Name contains").fill("STRONG")
            page.get_by_label("Dataset").select_option("rotten_tomatoes")
            page.get_by_text("Columns").click()
            page.get_by_label("iga").check()
            page.get_by_label("Queries").uncheck()
            page.get_by_role("button", name="Rank").click()
            expect_rows(page, "2 of 8 rows")
            fragment = page.evaluate("location.hash")[1:]
        with opened(browser, site / "index.html", fragment) as page:
            expect_rows(page, "2 of 8 rows")
            assert names(page) == ["strong", "strong"]
            assert page.get_by_role("columnheader", name="iga").is_visible()
            assert page.get_by_role("columnheader", name="Queries").count() == 0
            rank = page.get_by_role("columnheader", name="Rank")
            assert rank.get_attribute("aria-sort") == "ascending"
            page.evaluate("location.hash = 'marks'")  # a place on the page, not a choice
            expect_rows(page, "2 of 8 rows")
            page.evaluate("location.hash = ''")
            expect_rows(page, "8 rows")

    def test_nonsense_in_the_link_is_ignored(self, browser: Browser, site: Path) -> None:
        with opened(
            browser, site / "index.html", "dataset=x&sort=-x&show=%&hide=<b>&marks=y"
        ) as page:
            expect_rows(page, "8 rows")

    def test_works_without_javascript(self, browser: Browser, site: Path) -> None:
        with opened(browser, site / "index.html", java_script_enabled=False) as page:
            assert page.locator(ROWS).count() == 8
            assert page.locator("thead th:visible").count() == page.locator("thead th").count()
            assert not page.locator("#controls").is_visible()

    def test_by_keyboard(self, browser: Browser, site: Path) -> None:
        with opened(browser, site / "index.html") as page:
            page.keyboard.press("Tab")
            assert focused(page) == "Skip to the content"
            page.keyboard.press("Enter")
            page.keyboard.press("Tab")
            assert focused(page) == "filter-search"
            page.get_by_role("button", name="Rank").focus()
            page.keyboard.press("Enter")
            expect_fragment(page, "sort=rank")


class TestDownload:
    """The CSV of what is shown."""

    def rows(self, page: Page) -> list[dict[str, str]]:
        with page.expect_download() as download:
            page.get_by_role("button", name="Download as CSV").click()
        assert download.value.suggested_filename == "leaderboard.csv"
        text = Path(download.value.path()).read_text(encoding="utf-8")
        return list(csv.DictReader(text.splitlines()))

    def test_has_the_numbers_at_full_precision(
        self, browser: Browser, site: Path, results: Path
    ) -> None:
        board = read_leaderboard(results).boards[1]
        with opened(browser, site / "index.html", "dataset=rotten_tomatoes&track=unified") as page:
            rows = self.rows(page)
        assert [row["Model"] for row in rows] == [
            row.row.name.split(" + ")[0] for row in board.rows
        ]
        assert {(row["dataset"], row["track"]) for row in rows} == {("rotten_tomatoes", "unified")}
        first = board.rows[0]
        assert float(rows[0]["Worst case"]) == first.row.worst_case.value
        assert float(rows[0]["Worst case low"]) == first.row.worst_case.low
        assert rows[0]["Rank"] == str(first.rank.rank)
        assert rows[-1]["Rank"] == rows[-1]["Worst case"] == ""
        assert rows[0]["Claimed"] == "0.423"
        assert "iga" not in rows[0]

    def test_follows_columns_and_order(self, browser: Browser, site: Path) -> None:
        with opened(browser, site / "index.html", "hide=rank&show=under+iga&sort=model") as page:
            rows = self.rows(page)
        assert "iga" in rows[0]
        assert "Rank" not in rows[0]
        assert [row["Model"] for row in rows[1:6]] == ["few", "seeded", "strong", "weak", "weak"]

    def test_formulas_are_texts(self, browser: Browser, hostile_site: Path) -> None:
        with opened(browser, hostile_site / "index.html") as page:
            rows = self.rows(page)
        assert len(rows) == 20
        models = {row["Model"] for row in rows}
        assert "'=1+1" in models
        assert f"'{printable(HOSTILE['mention'])}" in models
        assert printable(HOSTILE["image"]) in models
        for row in rows:
            for cell in (*row.values(), *row):
                assert not cell.lstrip().startswith(("=", "+", "@"))


class TestModel:
    """The page of a model."""

    def test_opens_from_the_table_and_draws_its_charts(self, browser: Browser, site: Path) -> None:
        with opened(browser, site / "index.html", "dataset=rotten_tomatoes") as page:
            page.get_by_role("link", name="strong").first.click()
            expect(page.locator("html")).to_have_attribute("data-charts", "drawn")
            assert page.title() == "strong: adversarial robustness"
            charts = page.locator("figure .vega-embed[role='graphics-document']")
            assert charts.count() == page.locator("figure svg").count() == 3 * 3
            described = charts.evaluate_all("all => all.map(e => e.getAttribute('aria-label'))")
            assert all(described)
            bar = page.locator("path[aria-roledescription=bar]").first
            assert bar.get_attribute("aria-label") == "no attack: 90.0 [59.6, 98.2], n=10"
            bar.hover(position={"x": 5, "y": 5})
            expect(page.locator("#vg-tooltip-element")).to_contain_text("90.0 [59.6, 98.2], n=10")

    def test_a_curve_says_where_the_pointer_is(self, browser: Browser, site: Path) -> None:
        (model,) = (site / "models").glob("few-*")
        with opened(browser, model) as page:
            expect(page.locator("html")).to_have_attribute("data-charts", "drawn")
            page.locator("[data-chart=queries] svg").hover()
            tooltip = page.locator("#vg-tooltip-element")
            expect(tooltip).to_contain_text(re.compile(r"Attack(deepwordbug|pwws)At most[\d.]+"))
            expect(tooltip).to_contain_text("Accuracy (%)95.0")

    def test_charts_follow_the_theme(self, browser: Browser, site: Path) -> None:
        (model,) = (site / "models").glob("few-*")
        with opened(browser, model, color_scheme="light") as page:
            label = page.locator("figure svg text").first
            light = label.get_attribute("fill")
            page.get_by_role("button", name="Dark theme").click()
            expect(label).not_to_have_attribute("fill", light)
            expect(page.locator("html")).to_have_attribute("data-charts", "drawn")
            assert page.locator("figure svg").count() == 3

    def test_claims_and_replicates_are_linked(self, browser: Browser, site: Path) -> None:
        (first, second) = sorted((site / "models").glob("seeded-*"))
        with opened(browser, first) as page:
            page.get_by_role("link", name=second.stem, exact=True).click()
            page.get_by_role("link", name="Compare", exact=True).click()
            expect(page.locator("#summary")).to_contain_text("None of the 6 differences")
            chosen = [page.input_value("#first"), page.input_value("#second")]
            assert chosen == [second.stem, first.stem]


class TestCompare:
    """Two models side by side."""

    def test_agrees_with_the_paired_test(self, browser: Browser, site: Path, results: Path) -> None:
        board = read_leaderboard(results).boards[1]
        rows = {row.row.name: row for row in board.rows}
        first, second = rows["strong"], rows["weak"]
        fragment = f"dataset=rotten_tomatoes&a={first.folders[0]}&b={second.folders[0]}"
        with opened(browser, site / "compare.html", fragment) as page:
            table = page.get_by_role("table").first
            lines = [row.split("\t") for row in table.inner_text().splitlines()[2:]]
            shown = {line[0]: line[1:] for line in lines if len(line) > 2}
            assert list(shown)[:2] == ["no attack", "worst case"]
            for record, other in zip(first.records, second.records, strict=False):
                test = mcnemar_exact(board.cell_outcomes(record), board.cell_outcomes(other))
                _, _, _, only_a, only_b, p, _, n = shown[record.recipe.name]
                assert (int(only_a), int(only_b), int(n)) == (test.only_a, test.only_b, test.n)
                assert float(p.removeprefix("< ")) == pytest.approx(test.p_value, abs=1e-4)
            expect(page.locator("#summary")).to_contain_text("1 cell that only one has")

    def test_statistics_agree_with_those_of_the_package(self, browser: Browser, site: Path) -> None:
        counts = [(a, b) for a in (0, 1, 2, 7, 40, 300) for b in (0, 1, 9, 60, 500)]
        with opened(browser, site / "compare.html") as page:
            found = page.evaluate(
                f"{json.dumps(counts)}.map(([a, b]) => leaderboardStatistics.mcnemar(a, b))"
            )
            for (a, b), p in zip(counts, found, strict=True):
                expected = mcnemar_of_counts(a, b, 1000).p_value
                assert math.isclose(p, expected, rel_tol=1e-9)
            for values in (found, [0.01, 0.04, 0.03], [0.5], [], [1, 1, 0.2, 0.2]):
                adjusted = page.evaluate("p => leaderboardStatistics.holm(p)", values)
                assert adjusted == pytest.approx(holm(values))

    def test_rounds_as_the_other_pages(self, browser: Browser, tmp_path: Path) -> None:
        cells = [
            cell for i in (1, 3) for cell in core_cells("r" * i + "b" * (16 - i), model=f"m{i}")
        ]
        write_published(cells, tmp_path / "results")
        site = build(tmp_path / "results", tmp_path / "site").folder
        with opened(browser, site / "compare.html") as page:
            line = page.get_by_role("row", name="worst case").inner_text().split("\t")
            better, worse = f"{300 / 16:.1f}", f"{100 / 16:.1f}"
            assert line[:4] == ["worst case", better, worse, "+12.5"]
            assert (better, worse) == ("18.8", "6.2")

    def test_from_the_page_of_a_model(self, browser: Browser, site: Path) -> None:
        for model in sorted((site / "models").iterdir())[:3]:
            with opened(browser, model) as page:
                page.get_by_role("link", name="Compare with another model").click()
                expect(page.locator("#first")).to_have_value(model.stem)
                expect(page.locator("#second")).not_to_have_value("")
                assert page.input_value("#second") != model.stem

    def test_a_choice_is_kept_in_the_link(self, browser: Browser, site: Path) -> None:
        with opened(browser, site / "compare.html") as page:
            page.get_by_label("Dataset").select_option("rotten_tomatoes")
            page.get_by_label("Second model").select_option(index=2)
            page.get_by_role("button", name="Swap them").click()
            chosen = [page.input_value(f"#{id}") for id in ("dataset", "first", "second")]
            summary = page.inner_text("#summary")
            page.reload()
            assert [page.input_value(f"#{i}") for i in ("dataset", "first", "second")] == chosen
            assert page.inner_text("#summary") == summary
            page.get_by_label("First model").select_option(chosen[2])
            expect(page.locator("#summary")).to_have_text("Choose two different models.")


@pytest.mark.parametrize("bypass_csp", [False, True], ids=["policy", "no policy"])
def test_hostile_names_are_shown_and_do_nothing(
    browser: Browser, hostile_site: Path, bypass_csp: bool
) -> None:
    expected = set(map(printable, HOSTILE.values()))
    with opened(browser, hostile_site / "index.html", bypass_csp=bypass_csp) as page:
        assert set(names(page)) == expected
        for text in expected:
            page.select_option("#filter-defense", text)
            expect_rows(page, "1 of 20 rows")
        page.reload()
        expect_rows(page, "1 of 20 rows")
        page.get_by_role("link", name=names(page)[0], exact=True).click()
        expect(page.locator("html")).to_have_attribute("data-charts", "drawn")
        page.goto((hostile_site / "compare.html").as_uri())
        for text in expected:
            page.get_by_label("Dataset").select_option(text)
            expect(page.locator("#comparison")).to_contain_text(text)
        assert page.evaluate("window.attacked") is None
        assert page.locator("main b, main img, main svg, main script").count() == 0


def test_hostile_names_in_charts_do_nothing(browser: Browser, hostile_site: Path) -> None:
    with opened(browser, hostile_site / "index.html", bypass_csp=True) as page:
        for model in sorted((hostile_site / "models").iterdir())[::4]:
            page.goto(model.as_uri())
            expect(page.locator("html")).to_have_attribute("data-charts", "drawn")
            bar = page.locator("path[aria-roledescription=bar]").last
            bar.hover(position={"x": 5, "y": 5})
            name, _ = bar.get_attribute("aria-label").rsplit(": ", 1)
            expect(page.locator("#vg-tooltip-element")).to_contain_text(name)
            assert page.evaluate("window.attacked") is None
            assert page.locator("main b, main img, main script, #vg-tooltip-element b").count() == 0


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_no_serious_accessibility_fault(
    browser: Browser, site: Path, hostile_site: Path, color_scheme: str
) -> None:
    (model,) = (site / "models").glob("strong-*")
    pages = [site / "index.html", model]
    pages += [site / "compare.html" if color_scheme == "light" else hostile_site / "index.html"]
    with opened(browser, pages[0], color_scheme=color_scheme, bypass_csp=True) as page:
        for file in pages:
            page.goto(file.as_uri())
            if file == model:
                expect(page.locator("html")).to_have_attribute("data-charts", "drawn")
            assert serious_faults(page) == []
            assert fits(page)
            page.set_viewport_size(PHONE)
            assert fits(page)
            page.set_viewport_size({"width": 1280, "height": 720})


def test_200_rows_stay_responsive(browser: Browser, tmp_path: Path) -> None:
    results = many_results(tmp_path / "results", 200)
    for path, content in site_files(read_leaderboard(results), results):
        write_bytes(tmp_path / path, content)
        if path.name == "index.html":
            break
    with opened(browser, tmp_path / "index.html") as page:
        expect_rows(page, "200 rows")
        sort = "number => document.querySelectorAll('button.sort')[number].click()"
        search = """text => {
            const input = document.getElementById("filter-search");
            input.value = text;
            input.dispatchEvent(new Event("input", { bubbles: true }));
        }"""
        used = ProcessorTime(page)
        for act, value in [*((sort, i) for i in range(6)), (search, "1"), (search, "")]:
            page.evaluate(act, value)
            page.evaluate("document.body.offsetHeight")  # lay out
            assert used.seconds() < 0.3, (act, value)
