"""Escaping of hostile text, checked with the programs it targets where possible."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from robustbert.console import printable
from robustbert.reports.escape import comment, markdown, shorten, spreadsheet

anything = st.text(st.characters(exclude_categories=[]), max_size=40)


@given(anything)
def test_printable_is_one_printable_line(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    shown.encode("utf-8")
    assert printable(shown) == shown


@pytest.mark.parametrize("text", ["plain", "rotten_tomatoes", "Größe 電影 😀", "a-b+c"])
def test_ordinary_names_are_unchanged(text: str) -> None:
    assert printable(text) == text
    assert markdown(text) == text
    assert spreadsheet(text) == text


@pytest.mark.parametrize(
    "text",
    ["\x1b[2J", "\x1b]0;title\x07", "a\rb", "a\u202eb", "\u2066x", "\x9b31m", "a\u2028b", "\ud800"],
)
def test_control_characters_are_escaped(text: str) -> None:
    assert "\\" in printable(text)


@given(st.text(st.sampled_from("ab|\\`*_[]()<>&~#$!:/w.x- \n@{}\"'+="), max_size=30))
def test_markdown_shows_the_text_literally(text: str) -> None:
    parser = pytest.importorskip("markdown_it").MarkdownIt("gfm-like", {"linkify": False})
    document = f"| head |\n| --- |\n| x{markdown(text)}x |\n"
    rendered = parser.render(document)
    cells = re.findall(r"<td>(.*?)</td>", rendered, re.DOTALL)
    assert [html.unescape(cell).replace("\u200b", "") for cell in cells] == [f"x{printable(text)}x"]


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com",
        "http://a.b/?q=1",
        "WWW.example.com",
        "(www.example.com)",
        "_www.example.com",
    ],
)
def test_addresses_do_not_become_links(text: str) -> None:
    parser = pytest.importorskip("markdown_it").MarkdownIt("gfm-like", {"linkify": False})
    assert not re.search(r"://|www\.", markdown(text), re.IGNORECASE)
    assert html.unescape(parser.render(markdown(text))) == f"<p>{text}</p>\n"


@given(st.text(st.sampled_from("ab1.@_-+ m:"), max_size=20))
@example("mailto:some.one@example.org and @octocat")
def test_names_and_mail_addresses_do_not_become_links(text: str) -> None:
    """As GitHub's renderer finds addresses: in the text that results, whatever was escaped."""
    parser = pytest.importorskip("markdown_it").MarkdownIt("gfm-like", {"linkify": False})
    for escape in (markdown, comment):
        shown = html.unescape(parser.renderInline(escape(text)))
        assert not re.search(r"@[^\s\u200b]", shown)
        assert shown.replace("\u200b", "").strip() == printable(text).strip()


@given(anything)
def test_no_cell_starts_like_a_formula(text: str) -> None:
    assert spreadsheet(text).lstrip()[:1] not in ("=", "+", "-", "@")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@SUM(A1)", "  =1", "\uff1d1", "\t=1"])
def test_formulas_are_escaped(text: str) -> None:
    assert spreadsheet(text)[0] in ("'", "\\")


@given(anything, st.integers(3, 20))
def test_shortened_text_fits_and_keeps_its_ends(text: str, width: int) -> None:
    short = shorten(text, width)
    assert len(short) <= width
    assert short == text or ("…" in short and text.startswith(short.split("…")[0][:1]))
