"""Attributions as a self-contained HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from robustbert.reports.attributions.shown_attribution import ShownAttribution, levels
from robustbert.reports.pages import render_page
from robustbert.reports.pages.page_assets import TINT_STYLE


def attributions_page(shown: Sequence[ShownAttribution], title: str) -> str:
    """Make a page with the words of each text on coloured ground, and all scores in tables.

    The page holds the texts, shows them literally, and makes no request.

    Args:
        shown: the attributions, in the order in which they are shown.
        title: the title of the page.
    """
    return render_page(
        "attributions.html",
        package=__package__,
        styles=[TINT_STYLE, "attributions.css"],
        title=title,
        is_attention=all(one.attribution.output == "attention" for one in shown),
        items=[_item(one) for one in shown],
    )


def _item(one: ShownAttribution) -> dict[str, Any]:
    attribution = one.attribution
    rows = zip(attribution.words, attribution.scores, levels(attribution.scores), strict=True)
    return {
        "title": one.title,
        "explained": one.explained,
        "facts": list(one.facts()),
        "source": " · ".join(one.source.values()),
        "parts": [
            {"text": text, "ground": None if not level else ground(level)}
            for text, level in one.parts()
        ],
        "rows": [
            {"word": word, "score": f"{score:+.4g}", "ground": ground(level) if level else ""}
            for word, score, level in rows
        ],
    }


def ground(level: int) -> str:
    """The class of the style of a word's ground.

    >>> ground(3), ground(-1)
    ('for-3', 'against-1')
    """
    return f"{'for' if level > 0 else 'against'}-{abs(level)}"
