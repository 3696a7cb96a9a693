"""The shell of HTML pages: what a template shows of a value, embedded data, the policy."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

import robustbert
from robustbert.console import printable
from robustbert.reports.pages import asset_files, render_page
from robustbert.reports.pages.page_rendering import environment, json_data

PACKAGE = Path(robustbert.__file__).parent
ASSETS = sorted(PACKAGE.rglob("static/*"))
anything = st.text(st.characters(exclude_categories=[]), max_size=30)


def shown(template: str, **values: object) -> str:
    return environment().from_string(template).render(**values)


@given(anything)
def test_values_are_shown_literally(text: str) -> None:
    written = shown('<p title="{{ text }}">{{ text }}</p>', text=text)
    match = re.fullmatch(r'<p title="([^"<>]*)">([^<>]*)</p>', written)
    assert match is not None
    assert {html.unescape(part) for part in match.groups()} == {printable(text)}
    assert written.isprintable()


def test_numbers_and_macros() -> None:
    assert shown("{{ 3 }} {{ 0.5 }}") == "3 0.5"
    macro = '{% import "parts.html" as parts %}{{ parts.badge(name, "good") }}'
    assert shown(macro, name="<b>\u200b") == (
        '<span class="badge badge-good">&lt;b&gt;\\u200b</span>'
    )


def test_an_undefined_value_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="nothing"):
        shown("{{ nothing }}")


@pytest.mark.parametrize("name", ["safe", "escape", "e", "urlize", "tojson", "xmlattr"])
def test_no_filter_makes_markup_of_a_value(name: str) -> None:
    with pytest.raises(Exception, match="No filter named"):
        shown(f"{{{{ text|{name} }}}}", text="<b>")


@given(st.dictionaries(anything, st.lists(anything | st.integers() | st.none()), max_size=3))
def test_embedded_data_is_printable_json_without_markup(data: dict[str, list[object]]) -> None:
    element = json_data("data", data)
    match = re.fullmatch(
        r'<script type="application/json" id="data">([^<>&]*)</script>', str(element)
    )
    assert match is not None
    assert match[1].isprintable()
    expected = {
        printable(key): [printable(x) if isinstance(x, str) else x for x in values]
        for key, values in data.items()
    }
    assert json.loads(match[1]) == expected


def test_a_number_that_json_lacks_is_an_error() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        json_data("data", [float("nan")])


def policy(page: str) -> str:
    match = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert match is not None
    return html.unescape(match[1])


def test_a_self_contained_page_admits_its_own_scripts_and_styles_alone() -> None:
    page = render_page("base.html", title="<Title>")
    assert "<title>&lt;Title&gt;</title>" in page
    contents = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", page, re.DOTALL)
    digests = [hashlib.sha256(content.encode()).digest() for content in contents]
    assert len(digests) == 2
    for digest in digests:
        assert f"'sha256-{base64.b64encode(digest).decode()}'" in policy(page)
    assert policy(page).startswith("default-src 'none'; ")
    assert not re.search(r"""(?:href|src)="(?!#|data:,")""", page)


def test_a_page_of_a_site_links_shared_files() -> None:
    page = render_page("base.html", title="Title", assets="../../assets/")
    assert re.findall(r'(?:href|src)="([^"#]*)"', page) == [
        "data:,",
        "../../assets/base.css",
        "../../assets/theme.js",
    ]
    assert set(asset_files()) == {"base.css", "theme.js"}
    assert "script-src 'self' file:; style-src 'self' file:;" in policy(page)


@pytest.mark.parametrize("path", ASSETS, ids=lambda path: path.name)
def test_assets_refer_to_nothing_and_make_no_markup(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"https?:|@import|url\(|</(?:script|style)", text)
    assert not re.search(r"(?:inner|outer|Adjacent)HTML|document\.write|\beval\b|Function\(", text)
