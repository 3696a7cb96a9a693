"""Outcomes as HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Sequence

from robustbert.records import Outcome
from robustbert.reports.escape import html
from robustbert.reports.outcome_view import NOTHING, OutcomeView, outcome_view
from robustbert.reports.word_diff import Piece

# Translucent backgrounds and the inherited text colour are readable in light and dark themes. The
# changes are also bold, and struck through or underlined, for readers who cannot see the colours.
_CHANGE = "color:inherit;font-weight:bold;border-radius:3px;padding:0 1px;"
_STYLES = {
    "del": f"{_CHANGE}background:rgba(220,50,47,0.3);text-decoration:line-through",
    "ins": f"{_CHANGE}background:rgba(46,160,67,0.3);text-decoration:underline",
}
_TEXT = "white-space:pre-wrap;overflow-wrap:anywhere;margin:2px 0 2px 1em"
_MUTED = "opacity:0.7"


def outcomes_html(outcomes: Sequence[Outcome], label_names: Sequence[str] | None) -> str:
    """Format outcomes as a self-contained fragment of HTML, without scripts.

    Everything in an outcome is escaped and shown literally.

    Args:
        outcomes: the outcomes, in the order in which they are shown.
        label_names: the name of each class; None shows their numbers.
    """
    if not outcomes:
        return f"<p>{NOTHING}</p>\n"
    return "".join(_outcome(outcome_view(outcome, label_names)) for outcome in outcomes)


def _outcome(view: OutcomeView) -> str:
    lines = [
        '<div style="margin:0 0 1em 0">',
        f"<div><strong>{html(view.heading)}</strong> "
        f'<span style="{_MUTED}">(example {html(view.example_id)})</span></div>',
        f'<div style="{_MUTED}">{html(", ".join(view.facts))}</div>',
    ]
    for label, pieces, tag in (
        ("original", view.original, "del"),
        ("adversarial", view.adversarial, "ins"),
    ):
        if pieces:
            lines.append(
                f'<div style="{_TEXT}"><span style="{_MUTED}">{label}: </span>'
                f"<bdi>{_marked(pieces, tag)}</bdi></div>"
            )
    return "\n".join([*lines, "</div>"]) + "\n"


def _marked(pieces: Sequence[Piece], tag: str) -> str:
    opening = f'<{tag} style="{_STYLES[tag]}">'
    return "".join(
        f"{opening}{html(piece.text)}</{tag}>" if piece.changed else html(piece.text)
        for piece in pieces
    )
