"""Format a :class:`~robustbert.reports.results_table.Table` as HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Sequence

from robustbert.reports.escape import html
from robustbert.reports.table_cells import heading, marked, table_header, table_rows
from robustbert.reports.table_groups import Group, Groups

_LEFT = "text-align:left;white-space:nowrap"
_RIGHT = "text-align:right;white-space:nowrap"


def table_html(table: Groups) -> str:
    """Format a table as a self-contained fragment of HTML, without scripts.

    Each group has its heading, caption, rows and notes. Names are escaped and shown literally.
    """
    return "".join(map(_group, table.groups))


def _group(group: Group) -> str:
    labels = [html(marked(row.label, row.marks)) for row in group.rows]
    header = table_header(group, [html(recipe) for recipe in group.recipes])
    rows = [
        [label, *(cell.inline for cell in cells)]
        for label, cells in zip(labels, table_rows(group), strict=True)
    ]
    lines = [
        f"<p><strong>{html(heading(group))}</strong><br>{html(group.caption)}</p>",
        "<table>",
        f"<thead>{_row(header, 'th')}</thead>",
        "<tbody>",
        *(_row(row, "td") for row in rows),
        "</tbody>",
        "</table>",
    ]
    if group.notes:
        lines += ["<ul>", *(f"<li>{html(note)}</li>" for note in group.notes), "</ul>"]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str], tag: str) -> str:
    """A row of cells that are already escaped; numbers are aligned at the right."""
    label, *numbers = cells
    shown = [f'<{tag} style="{_LEFT}">{label}</{tag}>']
    shown += [f'<{tag} style="{_RIGHT}">{number}</{tag}>' for number in numbers]
    return f"<tr>{''.join(shown)}</tr>"
