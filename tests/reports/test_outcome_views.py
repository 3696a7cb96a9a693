"""Outcomes for the terminal and for notebooks, also with hostile texts and names."""

from __future__ import annotations

import html.parser
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.console import printable
from robustbert.records import Outcome
from robustbert.reports import outcomes_html, outcomes_text
from tests.records.builders import make_outcome

NAMES = ["negative", "positive"]
HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x9b2J",
    "a\u202eb\u2066c",
    "line\nbreak\r",
    "[red]rich[/red] [link=http://a]x[/link]",
    "**Markdown** `code` | cell",
    '<script>alert("x")</script>',
    "</bdi></div><img src=x onerror=alert(1)>",
    "&amp; &lt;",
    ":smile:",
)
broken = make_outcome(
    status="broken",
    text="It's a fine , fine film .",
    adversarial_text="It's a fi ne , fine film .",
    words=5,
    words_changed=2,
)


def plain(*outcomes: Outcome, names: list[str] | None = NAMES, width: int = 100) -> str:
    return outcomes_text(outcomes, names, color=False, width=width)


def colored(*outcomes: Outcome, width: int = 100) -> str:
    return outcomes_text(outcomes, NAMES, color=True, width=width)


def without_colors(text: str) -> str:
    """The text without sequences of colours and weights; no other control character is allowed."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert all(line.isprintable() for line in text.splitlines())
    assert not re.search(r"[^\S \n]", text)
    return text


class Document(html.parser.HTMLParser):
    """The text, the tags and the changed words of a fragment; checks that tags are balanced."""

    def __init__(self, fragment: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.changed: dict[str, list[str]] = {"del": [], "ins": []}
        self.attributes: set[str] = set()
        self._open: list[str] = []
        self.feed(fragment)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._open.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self._open and self._open[-1] in self.changed:
            self.changed[self._open[-1]].append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def test_a_broken_outcome_without_colors() -> None:
    assert plain(broken) == (
        "broken: positive → negative  (example e0)\n"
        "  probability of positive 0.900 → 0.200, 10 queries, 2 of 5 words changed, "
        "similarity 0.900\n"
        "  original     It's a [[fine]] , fine film .\n"
        "  adversarial  It's a [[fi]] [[ne]] , fine film .\n"
    )


def test_changed_words_have_a_color_and_a_weight() -> None:
    text = colored(broken)
    assert re.findall(r"\x1b\[([0-9;]+)m(fine|fi|ne)\x1b\[0m", text) == [
        ("1;4;31", "fine"),
        ("1;4;32", "fi"),
        ("1;4;32", "ne"),
    ]
    assert without_colors(text) == plain(broken).replace("[[", "").replace("]]", "")


@pytest.mark.parametrize(
    ("outcome", "heading"),
    [
        (make_outcome(status="robust"), "robust: positive"),
        (make_outcome(retracted=True), "robust (retracted): positive → negative"),
        (make_outcome(status="exhausted"), "exhausted: positive"),
        (make_outcome(status="skipped"), "skipped: positive, predicted as negative"),
        (make_outcome(status="error"), "error: positive: it went wrong"),
    ],
)
def test_every_status_has_a_heading(outcome: Outcome, heading: str) -> None:
    assert plain(outcome).startswith(f"{heading}  (example e0)\n")
    assert Document(outcomes_html([outcome], NAMES)).text.strip().startswith(heading)


@pytest.mark.parametrize("names", [None, ["negative"]])
def test_classes_without_names_are_numbers(names: list[str] | None) -> None:
    first = "class 0" if names is None else "negative"
    assert plain(broken, names=names).startswith(f"broken: class 1 → {first}  ")


def test_unknown_values_are_omitted() -> None:
    outcome = make_outcome(text=None, label_probability=None, queries=1)
    assert plain(outcome) == "robust: positive  (example e0)\n  1 query\n"


def test_nothing_to_show() -> None:
    assert plain() == "There is no outcome to show.\n"
    assert outcomes_html([], None) == "<p>There is no outcome to show.</p>\n"


def test_outcomes_are_separated_by_a_blank_line() -> None:
    assert plain(broken, broken) == f"{plain(broken)}\n{plain(broken)}"


@pytest.mark.parametrize("width", [1, 40, 60, 100, 300])
def test_lines_are_wrapped_and_indented(width: int) -> None:
    text = " ".join(["word"] * 30)
    lines = plain(make_outcome(text=text), width=width).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("  original"))
    assert all(line.startswith(" " * 15) for line in lines[start + 1 :])
    assert " ".join(line[15:] for line in lines[start:]) == text
    assert max(map(len, lines)) <= min(max(width, 35), 100)


def test_brackets_of_a_text_do_not_look_like_marks() -> None:
    outcome = make_outcome(
        status="broken", text="a [[fine]] film", adversarial_text="a [[fi]] film"
    )
    assert r"original     a \[[[[fine]]\]] film" in plain(outcome)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_shown_literally(text: str) -> None:
    outcome = make_outcome(
        status="broken", example_id=text, text=f"fine {text}", adversarial_text=f"fin {text}"
    )
    shown = [without_colors(colored(outcome, width=400)), plain(outcome, width=400)]
    fragment = outcomes_html([outcome], [text, text])
    document = Document(fragment)
    for one in (*shown, document.text):
        assert printable(text) in one.replace("\\[[", "[[")
    assert set(document.tags) <= {"div", "span", "strong", "bdi", "del", "ins"}
    assert document.attributes == {"style"}
    assert all(line.isprintable() for line in fragment.splitlines())


@given(st.text(max_size=40), st.text(max_size=40))
def test_html_holds_both_texts_and_marks_the_same_words(before: str, after: str) -> None:
    outcome = make_outcome(status="broken", text=before, adversarial_text=after)
    document = Document(outcomes_html([outcome], NAMES))
    for text in (before, after):
        assert printable(text) in document.text


def test_changed_words_in_html_have_a_color_and_a_weight() -> None:
    fragment = outcomes_html([broken], NAMES)
    assert Document(fragment).changed == {"del": ["fine"], "ins": ["fi", "ne"]}
    styles = re.findall(r'<(?:del|ins) style="([^"]*)"', fragment)
    assert len(styles) == 3
    assert all("background:rgba" in style and "font-weight:bold" in style for style in styles)
    assert all("color:inherit" in style for style in styles)  # readable in a dark theme


def test_wide_characters_and_long_words_are_wrapped() -> None:
    from rich.cells import cell_len

    text = f"{'电影' * 60} {'a' * 200} end"
    lines = plain(make_outcome(text=text), width=60).splitlines()
    assert max(map(cell_len, lines)) <= 60
    start = next(i for i, line in enumerate(lines) if line.startswith("  original"))
    shown = "".join(line[15:] for line in lines[start:])
    assert shown.replace(" ", "") == text.replace(" ", "")
