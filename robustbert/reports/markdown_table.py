"""Format a :class:`~robustbert.reports.leaderboard.Table` as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from robustbert.reports.escape import markdown
from robustbert.reports.table_cells import (
    DETAIL_CAPTION,
    DETAIL_HEADER,
    detail_rows,
    heading,
    marked,
    table_header,
    table_rows,
)
from robustbert.reports.table_groups import Group, Groups
from robustbert.reports.table_provenance import provenance_lines

_NUM_DETAIL_NAMES = 2  # the columns of the model and the recipe


def render_markdown(table: Groups) -> str:
    """Format a table as GitHub-flavored Markdown; names are escaped and shown literally.

    The versions, seeds, dates and assets of the records come first. Each group has its accuracies,
    the details of each recipe (success rate, similarity, queries and counts), and its notes.
    """
    provenance = [f"{markdown(line)}\n" for line in provenance_lines(table.groups)]
    return "\n".join([*provenance, *map(_group, table.groups)])


def _group(group: Group) -> str:
    labels = [markdown(marked(row.label, row.marks)) for row in group.rows]
    rows = [
        [label, *(cell.inline for cell in cells)]
        for label, cells in zip(labels, table_rows(group), strict=True)
    ]
    details = [
        [label, markdown(recipe), *(cell.inline for cell in cells)]
        for label, row in zip(labels, group.rows, strict=True)
        for recipe, cells in detail_rows(row, group.recipes).items()
    ]
    header = table_header(group, [markdown(recipe) for recipe in group.recipes])
    lines = [f"### {markdown(heading(group))}", "", markdown(group.caption), ""]
    lines += _table(header, rows)
    lines += ["", markdown(DETAIL_CAPTION), ""]
    lines += _table(DETAIL_HEADER, details, _NUM_DETAIL_NAMES)
    if group.notes:
        lines += ["", *(f"- {markdown(note)}" for note in group.notes)]
    return "\n".join(lines) + "\n"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """The lines of a table of escaped cells; columns after the first ``left`` are numbers."""
    ruler = ["---"] * left + ["---:"] * (len(header) - left)
    return [f"| {' | '.join(cells)} |" for cells in (header, ruler, *rows)]
