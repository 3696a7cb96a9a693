"""Format a comparison as HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from robustbert.gate.comparison.compared import Compared
from robustbert.gate.comparison.comparison_table import Block, blocks, cells, columns_of
from robustbert.gate.comparison.comparison_wording import (
    allowed_sentences,
    finding,
    not_compared_sentences,
    notes,
    reason,
    verdict_word,
)
from robustbert.reports.escape import html

_LEFT = "text-align:left;white-space:nowrap"
_RIGHT = "text-align:right;white-space:nowrap"


def comparison_html(comparison: Compared) -> str:
    """Format a comparison as a self-contained fragment of HTML, without scripts.

    Names are escaped and shown literally.
    """
    sides = f"base: {html(comparison.base)}<br>candidate: {html(comparison.candidate)}"
    lines = [
        f"<p><strong>{verdict_word(comparison)}</strong>: {html(reason(comparison))}<br>",
        f"{sides}</p>",
        *_list(map(finding, comparison.failures)),
    ]
    for block in blocks(comparison):
        lines += _block(block, columns_of(comparison))
    if comparison.not_compared:
        lines += ["<p>Not compared:</p>", *_list(not_compared_sentences(comparison))]
    lines += _list(notes(comparison))
    return "\n".join(lines) + "\n"


def _block(block: Block, columns: Sequence[str]) -> list[str]:
    caption = f"<br>{html(block.caption)}" if block.caption else ""
    rows = [[block.label(measure), *cells(measure, columns)] for measure in block.measures]
    return [
        f"<p><strong>{html(block.heading)}</strong>{caption}</p>",
        "<table>",
        f"<thead>{_row(['measure', *columns], 'th')}</thead>",
        "<tbody>",
        *(_row(row, "td") for row in rows),
        "</tbody>",
        "</table>",
        *_list(allowed_sentences(block.measures)),
    ]


def _row(texts: Sequence[str], tag: str) -> str:
    label, *others = map(html, texts)
    shown = [f'<{tag} style="{_LEFT}">{label}</{tag}>']
    shown += [f'<{tag} style="{_RIGHT}">{other}</{tag}>' for other in others]
    return f"<tr>{''.join(shown)}</tr>"


def _list(sentences: Iterable[str]) -> list[str]:
    items = [f"<li>{html(sentence)}</li>" for sentence in sentences]
    return ["<ul>", *items, "</ul>"] if items else []
