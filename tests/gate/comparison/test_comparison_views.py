"""A comparison in Python: its text, its HTML and its data frame."""

from __future__ import annotations

from html.parser import HTMLParser

from robustbert.gate.comparison.comparison_text import comparison_text
from tests.gate.toy_comparisons import HOSTILE, toy_comparison


class Page(HTMLParser):
    """The tags and the text of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def test_the_text_is_that_of_the_command_line(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    comparison = toy_comparison()
    assert repr(comparison) == comparison_text(comparison, 100).rstrip("\n")


def test_the_html_has_a_table_per_track():
    shown = Page(toy_comparison()._repr_html_())
    assert shown.tags.count("table") == 2
    assert shown.tags.count("tr") == 2 + len(toy_comparison().measures)
    assert "FAILED: 1 of 5 measures dropped significantly" in shown.text


def test_names_are_data_in_html():
    plain, hostile = (
        Page(toy_comparison(model=name, **changes)._repr_html_())
        for name, changes in (("x", {}), (HOSTILE, {}))
    )
    assert plain.tags == hostile.tags
    assert "</details><b onclick=" in hostile.text


def test_refused_cells_are_in_the_html():
    assert "--allow seed" in Page(toy_comparison(seed=1)._repr_html_()).text


def test_the_data_frame_has_a_row_per_measure():
    comparison = toy_comparison()
    frame = comparison.to_pandas()
    assert list(frame["measure"]) == [measure.measure for measure in comparison.measures]
    [failed] = frame[frame["failed"]].to_dict("records")
    [measure] = comparison.failures
    assert failed["difference"] == measure.difference.value
    assert failed["base_low"] == measure.base.low
    assert failed["lost"] == 40
    assert failed["examples_needed"] == measure.power.examples_needed


def test_an_empty_comparison_has_an_empty_data_frame():
    assert toy_comparison(seed=1).to_pandas().empty
