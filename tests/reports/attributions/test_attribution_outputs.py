"""Attributions in the terminal, as a page, as a picture, and as JSON lines."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from lxml import html

from robustbert.console import printable
from robustbert.errors import InputError
from robustbert.explanations.attribution_change import AttributionChange
from robustbert.reports.attributions import (
    ShownAttribution,
    attributions_jsonl,
    attributions_page,
    attributions_plot,
    attributions_text,
)
from tests.hostile import HOSTILE
from tests.reports.attributions.shown import make_attribution, make_shown

SVG = "{http://www.w3.org/2000/svg}"


def classes_of(page: str) -> dict[str, str]:
    """The class of the ground of each word of the text."""
    spans = html.fromstring(page).xpath("//p[@class='attribution-text']//span")
    return {span.text: span.get("class") for span in spans}


def test_terminal_without_colour():
    shown = make_shown("a fine, dull film", scores=(0.001, 2.0, -1.0, 0.25))
    text = attributions_text([shown], color=False, width=80)
    assert text.splitlines() == [
        "text 1: pos (probability 0.750)",
        "  saliency, of the logit, special tokens +0.5",
        "  a fine, dull film",
        "          +2  +++++  fine",
        "          -1  --     dull",
        "       +0.25  +      film",
        "      +0.001         a",
    ]


def test_terminal_with_colour():
    shown = make_shown("a fine, dull film", scores=(0.001, 2.0, -1.0, 0.25))
    text = attributions_text([shown], color=True, width=80)
    colored = re.findall(r"\x1b\[[^m]*48;5;(\d+)m([^\x1b]*)\x1b", text)
    assert [word for _, word in colored] == ["fine", "dull", "film"]
    assert len({ground for ground, _ in colored}) == 3
    plain = attributions_text([shown], color=False, width=80)
    assert re.sub(r"\x1b\[[^m]*m", "", text) == plain


def test_terminal_lists_at_most_ten_words_and_wraps():
    shown = make_shown(" ".join(f"word{i}" for i in range(40)))
    lines = attributions_text([shown], color=False, width=60).splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[-1] == "  (30 more)"
    assert lines[-2].split() == ["+31", "++++", "word30"]


def test_facts_of_a_text_that_is_not_predicted_so_and_was_attacked():
    change = AttributionChange(20, 18, 0.5, 3, 2)
    attribution = make_attribution(
        "a fine film.",
        predicted=0,
        truncated=True,
        other_score=-0.25,
        diagnostics={"delta": 0.0625},
    )
    shown = ShownAttribution("text", attribution, {}, change)
    assert shown.explained == "pos (probability 0.750, not predicted)"
    assert list(shown.facts())[1:] == [
        "special tokens +0.5",
        "punctuation -0.25",
        "delta 0.0625",
        "truncated: the model reads only the beginning",
        "rank correlation with the original 0.50",
        "2 of 3 changed words among the top 3 of 20 (0.45 expected by chance)",
    ]
    inserted = replace(shown, change=AttributionChange(3, 3, None, 0, 0))
    assert list(inserted.facts())[-1] == "rank correlation with the original n/a"


def test_parts_join_to_the_text():
    shown = make_shown(" it's  a 'fine' film!")
    assert "".join(part for part, _ in shown.parts()) == " it's  a 'fine' film!"
    assert [part for part, level in shown.parts() if level is not None] == [
        *("it's", "a", "fine", "film")
    ]


def test_page():
    shown = make_shown("a fine, dull film", scores=(0.001, 2.0, -1.0, 0.25))
    page = attributions_page([shown], "Explanations")
    assert classes_of(page) == {"fine": "for-5", "dull": "against-2", "film": "for-1"}
    tree = html.fromstring(page)
    assert tree.xpath("string(//p[@class='attribution-text'])") == "a fine, dull film"
    rows = [row.xpath("string(td[1])") for row in tree.xpath("//tbody/tr")]
    assert rows == ["a", "fine", "dull", "film"]
    assert tree.xpath("//tbody/tr[2]/td[2]/text()") == ["+2"]
    assert tree.xpath("//meta[@http-equiv]/@content")[0].startswith("default-src 'none'")
    assert not re.search(r"(src|href)=\"(?!data:,|#)", page), "no request"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_are_shown_literally(text):
    shown = ShownAttribution(text, make_attribution(f"fine {text}", label=text), {"row": text})
    written = attributions_text([shown], color=False, width=100)
    assert all(line.isprintable() for line in written.splitlines())
    page = attributions_page([shown], text)
    tree = html.fromstring(page)
    assert tree.xpath("string(//p[@class='attribution-text'])") == printable(f"fine {text}")
    tags = {element.tag for element in tree.iter() if isinstance(element.tag, str)}
    assert not tags & {"img", "svg", "b", "iframe"}
    assert len(tree.xpath("//script")) == 1, "only that of every page"
    assert json.loads(attributions_jsonl([shown]))["text"] == f"fine {text}"


def test_picture_of_hostile_texts():
    shown = [make_shown(f"fine {text}", label=text) for text in HOSTILE.values()]
    svg = attributions_plot(shown, "Explanations", "svg")
    tags = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(svg).iter()}
    assert not tags & {"script", "foreignObject", "a", "image"}
    assert svg == attributions_plot(shown, "Explanations", "svg"), "the same bytes"


def test_picture_has_a_bar_per_word_in_order():
    shown = make_shown("a fine, dull $x$ film", scores=(0.5, 2.0, -1.0, 0.0, 0.25))
    svg = ElementTree.fromstring(attributions_plot([shown], "Explanations", "svg"))
    texts = [element.text for element in svg.iter(f"{SVG}text")]
    words = [text for text in texts if text in ("a", "fine", "dull", "x", "film")]
    assert words == ["a", "fine", "dull", "x", "film"]
    assert attributions_plot([shown], "Explanations", "png").startswith(b"\x89PNG")


def test_a_picture_shows_the_most_important_words_of_few_texts():
    shown = make_shown(" ".join(f"word{i}" for i in range(50)))
    svg = attributions_plot([shown], "Explanations", "svg").decode()
    assert ">word9<" not in svg
    assert ">word10<" in svg
    assert "Only the 40 words" in svg
    with pytest.raises(InputError, match="at most 12 texts, not 13; choose fewer"):
        attributions_plot([shown] * 13, "Explanations", "svg")


def test_scores_that_are_the_same_for_every_class_speak_for_none():
    shown = make_shown("a fine film", scores=(0.5, 0.25, 0.125), output="attention")
    for written in (
        attributions_page([shown], "Explanations"),
        attributions_plot([shown], "Explanations", "svg").decode(),
    ):
        assert "attention" in written
        assert ">against it<" not in written


def test_the_heading_of_an_adversarial_text_fits_into_a_picture():
    shown = make_shown("a fine film", label="entertainment", predicted=0)
    shown = replace(shown, title="deepwordbug, example d7bda385, adversarial")
    assert shown.title in attributions_plot([shown], "Explanations", "svg").decode()


def test_json_lines():
    change = AttributionChange(3, 3, 0.5, 1, 1)
    shown = [
        make_shown("a fine film"),
        ShownAttribution("x", make_attribution("a dull film"), {"recipe": "pwws"}, change),
    ]
    first, second = map(json.loads, attributions_jsonl(shown).splitlines())
    assert first["source"] is first["change"] is None
    assert first["words"] == ["a", "fine", "film"]
    assert first["spans"] == [[0, 1], [2, 6], [7, 11]]
    assert first["scores"] == [1.0, -2.0, 3.0]
    assert second["source"] == {"recipe": "pwws"}
    assert second["change"]["rank_correlation"] == 0.5
