"""Attributions as a picture: a bar per word, in the order of the text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from robustbert.console import printable
from robustbert.errors import InputError
from robustbert.reports.attributions.shown_attribution import ShownAttribution
from robustbert.reports.escape import shorten
from robustbert.reports.plots.plot_page import Frame, PlotPage, framed_page
from robustbert.reports.plots.plot_style import GRID, add_text, bar_style, figure_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: The most texts of a picture, and the most words of a text.
MAX_TEXTS, MAX_WORDS = 12, 40
# Lengths in inches.
_LEFT, _WIDTH, _BAR = 1.7, 3.5, 0.16
_TITLE, _BELOW = 0.22, 0.35
_WORD_CHARACTERS, _TITLE_CHARACTERS = 24, 92
_LABELS = ("for the class", "against it")
_SAME_FOR_EVERY_CLASS = ("attention",)


def attributions_plot(shown: Sequence[ShownAttribution], title: str, file_format: str) -> bytes:
    """Draw attributions, one panel per text, and return the file.

    Of a text with more than 40 words, the 40 with the largest absolute scores are drawn.

    Args:
        shown: at most 12 attributions.
        title: the title of the picture.
        file_format: ``svg`` or ``png``.

    Raises:
        InputError: there are too many texts.
    """
    check_num_texts(len(shown))
    return figure_bytes(lambda: _figure(shown, title), title, file_format)


def check_num_texts(number: int) -> None:
    """Check that a number of texts fits into a picture; raise InputError if it does not."""
    if number > MAX_TEXTS:
        raise InputError(
            f"a picture shows at most {MAX_TEXTS} texts, not {number}; choose fewer, or the format "
            "html"
        )


def _figure(shown: Sequence[ShownAttribution], title: str) -> Figure:
    drawn = [sorted(one.attribution.ranking()[:MAX_WORDS]) for one in shown]
    heights = [_TITLE + _BAR * max(1, len(words)) + _BELOW for words in drawn]
    is_attention = all(one.attribution.output == "attention" for one in shown)
    left_out = any(len(one.attribution.words) > MAX_WORDS for one in shown)
    frame = Frame(
        title=title,
        labels=_SAME_FOR_EVERY_CLASS if is_attention else _LABELS,
        notes=[f"Only the {MAX_WORDS} words with the largest scores of a text."] * left_out,
        width=_LEFT + _WIDTH + 0.2,
        height=sum(heights),
    )

    def draw(page: PlotPage) -> None:
        down = 0.0
        for one, words, height in zip(shown, drawn, heights, strict=True):
            x, y = page.place(0.1, down)
            heading = shorten(printable(f"{one.title}: {one.explained}"), _TITLE_CHARACTERS)
            add_text(page.figure, x, y, heading, va="top", fontsize=7.5)
            axes = page.axes(_LEFT, down + height - _BELOW, _WIDTH, height - _BELOW - _TITLE)
            _draw_bars(axes, one, words)
            down += height

    return framed_page(frame, draw, _sample)


def _draw_bars(axes: Axes, one: ShownAttribution, words: Sequence[int]) -> None:
    attribution = one.attribution
    axes.set_ylim(len(words) - 0.5, -0.5)
    axes.grid(axis="x", color=GRID, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.axvline(0, color="black", linewidth=0.6)
    for place, i in enumerate(words):
        score = attribution.scores[i]
        axes.barh(place, score, 0.75, **bar_style(0 if score >= 0 else 1))
    names = [shorten(printable(attribution.words[i]), _WORD_CHARACTERS) for i in words]
    axes.set_yticks(range(len(words)))
    axes.set_yticklabels(names, parse_math=False)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=6.5)
    axes.locator_params(axis="x", nbins=6)


def _sample(number: int, left: float, right: float, y: float, height: float) -> object:
    from matplotlib.patches import Rectangle

    return Rectangle((left, y - height / 2), right - left, height, **bar_style(number))
