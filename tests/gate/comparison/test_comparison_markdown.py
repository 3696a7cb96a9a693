"""The report of a comparison as Markdown."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from robustbert.gate import Comparison, GatePolicy, Rule, compare_runs
from robustbert.gate.comparison.comparison_markdown import MAX_LENGTH, comparison_markdown
from tests.gate.toy_comparisons import HOSTILE, toy_comparison, toy_run

CELLS = {("unified", "pwws"): {"robust": 6, "broken": 4}}


class Page(HTMLParser):
    """The tags and the text of rendered Markdown."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def page(comparison: Comparison) -> Page:
    rendered = Page(comparison_markdown(comparison))
    assert not rendered.open  # every element is closed, in the right order
    return rendered


def test_the_headline_has_the_verdict_and_the_reason():
    lines = comparison_markdown(toy_comparison()).splitlines()
    assert lines[0] == "### ❌ robustbert: FAILED"
    assert lines[2] == "1 of 5 measures dropped significantly and by more than allowed."


@pytest.mark.parametrize(
    ("seed", "headline"), [(0, "✅ robustbert: PASSED"), (1, "⚠️ robustbert: NOT COMPARABLE")]
)
def test_other_verdicts(seed, headline):
    comparison = compare_runs(toy_run("a", CELLS), toy_run("b", CELLS, seed=seed))
    assert comparison_markdown(comparison).startswith(f"### {headline}\n")


def test_it_renders_as_tables_lists_and_details():
    tags = page(toy_comparison()).tags
    assert tags.count("h3") == 1
    assert tags.count("table") == 3  # one per track, and the power
    assert tags.count("details") == tags.count("summary") == 3


def test_the_numbers_are_in_the_table():
    text = comparison_markdown(toy_comparison())
    [line] = [line for line in text.splitlines() if "❌ **regression**" in line]
    assert line.startswith(r"| pwws | 60.0 \[53.1, 66.5\] | 40.0 \[33.5, 46.9\] | -20.0 \[")


def test_flipped_examples_are_named_twenty_per_direction():
    [line] = [
        line
        for line in comparison_markdown(toy_comparison()).splitlines()
        if line.startswith("- textbugger, rotten_tomatoes, unified: lost")
    ]
    lost, gained = line.split("; ")
    assert lost.endswith("lost 2: `e20` `e21`")
    assert gained.startswith("gained 52: ")
    assert gained.count("`e") == 20
    assert gained.endswith(" and 32 more")


def test_what_was_refused_is_open_and_says_how_to_allow_it():
    text = comparison_markdown(toy_comparison(seed=1))
    assert "<details open><summary>Not compared (3)</summary>" in text
    assert "--allow seed" in text


def test_what_was_allowed_is_marked():
    text = comparison_markdown(toy_comparison(seed=1, allow=["seed"]))
    assert "| pwws ‡ |" in text
    assert "‡ Allowed for clean accuracy, pwws, textbugger and worst case: example seed 1" in text


@pytest.mark.parametrize(
    "changes",
    [{}, {"seed": 1}, {"seed": 1, "allow": ["seed"]}],
    ids=["compared", "refused", "allowed"],
)
@pytest.mark.parametrize("name", [HOSTILE, "- 1. # > x", "1) x", "    code", "```", "a\n\n<b>"])
def test_hostile_names_are_shown_literally(name, changes):
    plain = page(toy_comparison(dataset="x", model="x", **changes))
    hostile = page(toy_comparison(dataset=name, model=name, **changes))
    kinds = {"code"}  # of the example ids
    assert [t for t in hostile.tags if t not in kinds] == [t for t in plain.tags if t not in kinds]
    assert hostile.tags.count("code") == plain.tags.count("code")
    if name == HOSTILE:
        assert '</details><b onclick="x">@\u200boctocat' in hostile.text


def test_names_mention_nobody_and_refer_to_nothing():
    for changes in ({}, {"seed": 1}):
        rendered = page(toy_comparison(model=HOSTILE, **changes))
        assert "octocat" in rendered.text
        assert not re.search(r"@\w|#\d", rendered.text)
        assert "a" not in rendered.tags


def test_hostile_example_ids_are_shown_literally():
    comparison = toy_comparison()
    [failed] = comparison.failures
    others = [m for m in comparison.measures if m is not failed]
    hostile = replace(failed, lost=("`</details>`@octocat|", "e1"))
    rendered = page(replace(comparison, measures=(*others, hostile)))
    assert "`</details>`@\u200boctocat|" in rendered.text
    assert rendered.tags.count("details") == 3


def many(number: int, comparison: Comparison, name: str) -> Comparison:
    """A comparison with many copies of the measures of another, each with another long name."""
    measures = tuple(
        replace(
            measure,
            dataset=f"{index}{name}",
            lost=(name + str(index),) * 21,
            allowed=(f"{index} {name}",),
        )
        for index in range(number)
        for measure in comparison.measures
    )
    refused = toy_comparison(seed=1).not_compared
    cells = tuple(
        replace(cell, row=f"{index}{name}", reason=f"{index} {name}")
        for index in range(number)
        for cell in refused
    )
    notes = tuple(f"{index} {name}" for index in range(number))
    return replace(
        comparison, base=name, candidate=name, measures=measures, not_compared=cells, notes=notes
    )


@pytest.mark.parametrize("name", ["x" * 10_000, "@#|" * 1000, "\x00" * 1000], ids=["x", "@", "0"])
def test_it_fits_a_comment_whatever_the_names_are(name):
    big = many(15, toy_comparison(GatePolicy(strict=True, rules=(Rule(0.5),))), name)
    text = comparison_markdown(big)
    assert len(text) <= MAX_LENGTH
    assert not Page(text).open
    assert "are not shown here; the option --json writes all of them." in text


def test_measures_that_fail_are_kept_when_the_table_is_cut():
    big = many(200, toy_comparison(), "")
    last = replace(big.measures[-1], verdict="regression", dataset="the last one")
    passing = tuple(replace(measure, verdict="passed") for measure in big.measures[:-1])
    text = comparison_markdown(replace(big, measures=(*passing, last)))
    assert "on the last one (test), published track" in text
    assert text.count("❌ **regression**") == 1
    shown = len(re.findall(r"\| passed \|", text))
    [cut] = re.findall(r"\*([\d,]+) measures are not shown here", text)[:1]
    assert shown + 1 + int(cut.replace(",", "")) == len(big.measures)
