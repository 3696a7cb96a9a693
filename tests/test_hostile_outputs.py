"""Hostile texts and names in what the commands print and write; tests/browser looks at pages."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from robustbert.cli import main
from robustbert.console import printable
from robustbert.records import read_run
from robustbert.reports import (
    leaderboard_table,
    render_latex,
    render_markdown,
    render_text,
    to_csv,
)
from tests.hostile import HOSTILE, write_hostile_run

MARKDOWN_TAGS = {
    *("h1", "h2", "h3", "p", "ul", "li", "strong", "code", "pre", "hr"),
    *("table", "thead", "tbody", "tr", "th", "td", "details", "summary"),
}


class Page(html.parser.HTMLParser):
    """The tags and the text of rendered Markdown, without the characters that break links."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = self.prose = ""
        self.in_code = False
        self.feed(MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(markdown))
        # What GitHub makes links of, also where it is escaped, but not in blocks of code.
        assert not re.search(r"@[^\s\u200b]", self.prose)
        self.raw, self.text = self.text, self.text.replace("\u200b", "")

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.in_code |= tag == "pre"

    def handle_endtag(self, tag):
        self.in_code &= tag != "pre"

    def handle_data(self, data):
        self.text += data
        self.prose += "" if self.in_code else data


def assert_printable(text: str) -> None:
    assert all(line.isprintable() for line in text.split("\n"))


@pytest.fixture(params=HOSTILE.values(), ids=HOSTILE)
def text(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def run(text: str, tmp_path: Path) -> Path:
    return write_hostile_run(tmp_path / "run", [text])


def test_table(text: str, run: Path) -> None:
    table = leaderboard_table(read_run(run).records)
    assert_printable(render_text(table))
    assert_printable(render_latex(table))
    page = Page(render_markdown(table))
    assert page.tags <= MARKDOWN_TAGS
    shown = printable(text)
    assert f"{shown} + {shown}".strip() in page.text
    cells = [cell for line in csv.reader(io.StringIO(to_csv(table))) for cell in line]
    assert shown in [cell.removeprefix("'") for cell in cells]
    assert_printable("\n".join(cells))
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_show(text: str, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(run), "--status", "all"]) == 0
    written = capsys.readouterr().out
    assert_printable(written)
    unwrapped = re.sub(r"\n {15}", " ", re.sub(r"\[\[|\]\]|\\(?=\[\[|\]\])", "", written))
    assert " ".join(printable(f"fin {text}").split()) in " ".join(unwrapped.split())


def test_card(text: str, run: Path, tmp_path: Path) -> None:
    from huggingface_hub import ModelCard

    out = tmp_path / "README.md"
    assert main(["card", str(run), "--out", str(out)]) == 0
    content = out.read_text(encoding="utf-8")
    assert_printable(content)
    card = ModelCard(content)
    assert {result.dataset_name for result in card.data.eval_results} == {printable(text)}
    page = Page(card.text)
    assert page.tags <= MARKDOWN_TAGS
    assert printable(text).strip() in page.text


def test_compare(text: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {name: tmp_path / f"report.{name}" for name in ("markdown", "junit", "json")}
    options = [part for name, path in files.items() for part in (f"--{name}", str(path))]
    assert main(["compare", str(run), str(run), *options, "--allow", "errors"]) in (0, 1)
    assert_printable(capsys.readouterr().out)
    written = {name: path.read_text(encoding="utf-8") for name, path in files.items()}
    for content in written.values():
        assert_printable(content)
    page = Page(written["markdown"])
    assert page.tags <= MARKDOWN_TAGS
    assert not re.search(r"#\d", page.raw), "no issue"
    json.loads(written["json"])
    elements = {element.tag for element in ElementTree.fromstring(written["junit"]).iter()}
    assert elements <= {
        *("testsuites", "testsuite", "testcase", "properties", "property"),
        *("failure", "error", "skipped", "system-out", "system-err"),
    }


def test_plots(tmp_path: Path) -> None:
    """All texts in one run: figures take a second each."""
    run = tmp_path / "run"
    for text in HOSTILE.values():
        write_hostile_run(run, [text])
    out = tmp_path / "plots"
    assert main(["plot", str(run), "--format", "svg", "--out", str(out)]) == 0
    written = ""
    for path in out.iterdir():
        assert re.fullmatch(r"[a-z0-9_.-]+", path.name)
        for element in ElementTree.parse(path).iter():
            assert element.tag.rpartition("}")[2] not in ("script", "foreignObject", "a", "image")
            written += f"{element.text or ''}\n"
    assert_printable(written)
    for text in HOSTILE.values():
        assert printable(text)[:20] in written
